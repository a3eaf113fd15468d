import { el } from './dom.js';

// A shape of its own for each, so that nothing depends on the colour: a tick in a circle, a cross in an octagon, ! in a triangle, ? in a square.
const shapes = {
  accept: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM6.9 11.4 3.7 8.2l1.3-1.3 1.9 1.9 4.1-4.1 1.3 1.3z',
  reject: 'M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1zM8 6.7 5.7 4.4 4.4 5.7 6.7 8l-2.3 2.3 1.3 1.3L8 9.3l2.3 2.3 1.3-1.3L9.3 8l2.3-2.3-1.3-1.3z',
  review: 'M8 1 16 15H0zM7.1 6v5h1.8V6zm0 6v1.7h1.8V12z',
  uninspected: 'M1 1h14v14H1zM7.1 11v1.8h1.8V11zM5 6h1.8c0-1 .4-1.4 1.2-1.4s1.2.4 1.2 1.1c0 1.2-2.1 1.5-2.1 4.1h1.8c0-1.7 2.1-2 2.1-4.2C11 4 9.8 3 8 3S5 4 5 6z',
};

/** The verdict as shape and word. */
export function verdictMark(verdict, reason) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', shapes[verdict] ?? shapes.uninspected);
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return el('span', { className: `verdict ${verdict in shapes ? verdict : 'uninspected'}` }, svg, el('b', {}, verdict), reason ? ` (${reason})` : null);
}
