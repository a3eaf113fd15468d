// Charts are drawn at the size they have, so that text stays 12.5 px on every screen.

function element(name, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Round numbers that cover [low, high] in some `count` steps. */
function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].map(m => m * power).find(s => s >= raw);
  const values = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) values.push(Number((i * step).toPrecision(12)));
  return values;
}

function histogramOf(scores, low, high, bins) {
  const counts = new Array(bins).fill(0);
  for (const score of scores) if (score <= high) counts[Math.min(bins - 1, Math.max(0, Math.floor((score - low) / (high - low) * bins)))]++;
  return counts;
}

/** Normal scores grow upward, anomalous ones downward from a common axis; each side has its own scale, written at its end. */
class Histogram {
  constructor(place, state) { Object.assign(this, { place, state }); }

  draw() {
    const { normal, anomalous, low, high } = this.state, width = this.place.clientWidth, height = 300, left = 34, right = width - 10, middle = 150;
    this.low = low; this.high = high;
    this.x = value => left + (Math.min(high, Math.max(low, value)) - low) / (high - low) * (right - left);
    this.valueAt = pixel => low + (Math.min(right, Math.max(left, pixel)) - left) / (right - left) * (high - low);
    const bins = Math.max(16, Math.min(64, Math.floor((right - left) / 11))), binWidth = (right - left) / bins, tall = 108;
    const svg = element('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'group', 'aria-label': 'Histogram of raw image scores with the threshold' });
    svg.append(element('defs', {}, element('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      element('rect', { width: 6, height: 6, fill: '#f3c9ad' }), element('rect', { width: 3, height: 6, fill: 'var(--anomalous)' }))));
    this.shade = element('rect', { y: 26, height: 248, fill: '#1b2430', opacity: 0.06 });
    this.band = element('rect', { y: 26, height: 248, fill: '#e69f00', opacity: 0.18 });
    svg.append(this.shade, this.band);
    for (const [scores, up] of [[normal, true], [anomalous, false]]) {
      const counts = histogramOf(scores, low, high, bins), most = Math.max(1, ...counts);
      counts.forEach((count, bin) => {
        if (!count) return;
        const h = Math.max(2, count / most * tall), bar = element('rect', {
          x: left + bin * binWidth + 0.5, width: binWidth - 1, height: h, y: up ? middle - h : middle,
          fill: up ? 'var(--normal)' : 'url(#hatch)', stroke: up ? 'none' : 'var(--anomalous)' });
        bar.append(element('title', {}, `${count} ${up ? 'normal' : 'anomalous'}, ${figure(low + bin / bins * (high - low))} to ${figure(low + (bin + 1) / bins * (high - low))}`));
        svg.append(bar);
      });
      const end = up ? middle - tall : middle + tall;
      svg.append(element('line', { x1: left - 4, x2: left, y1: end, y2: end, stroke: '#8894a4' }));
      const beyond = scores.length - countBelow(scores, high), words = `${scores.length} ${up ? 'normal ▲' : 'anomalous ▼'}${beyond ? `, ${beyond} beyond ▸` : ''}`;
      svg.append(element('text', { x: left - 7, y: end + 4, 'text-anchor': 'end' }, String(most)), element('text', { x: right, y: up ? middle - tall - 2 : middle + tall + 12, class: 'strong', 'text-anchor': 'end' }, words));
    }
    svg.append(element('line', { x1: left, x2: right, y1: middle, y2: middle, stroke: '#52606f' }), element('line', { x1: left, x2: left, y1: middle - tall, y2: middle + tall, stroke: '#8894a4' }));
    for (const tick of ticks(low, high, Math.max(2, Math.floor(width / 110)))) {
      svg.append(element('line', { x1: this.x(tick), x2: this.x(tick), y1: 274, y2: 279, stroke: '#8894a4' }), element('text', { x: this.x(tick), y: 293, 'text-anchor': 'middle' }, String(tick)));
    }
    const handle = element('g', { class: 'handle', role: 'slider', tabindex: 0, 'aria-label': 'Threshold', 'aria-valuemin': low, 'aria-valuemax': high, 'aria-orientation': 'horizontal' },
      element('rect', { x: -22, width: 44, y: 0, height: 276, fill: 'transparent' }), element('line', { y1: 22, y2: 274, stroke: 'var(--ink)', 'stroke-width': 2.5 }),
      element('rect', { class: 'grip', x: -15, width: 30, y: 2, height: 22, rx: 6, fill: 'var(--ink)', stroke: '#fff', 'stroke-width': 2 }),
      element('path', { d: 'M-4 8 L-8 13 L-4 18 M4 8 L8 13 L4 18', stroke: '#fff', 'stroke-width': 2, fill: 'none' }));
    const focused = this.handle?.contains(document.activeElement);
    this.handle = handle; this.right = right;
    svg.append(handle);
    this.listen(svg, handle);
    this.place.replaceChildren(svg);
    if (focused) handle.focus();
    this.move();
  }

  listen(svg, handle) {
    const at = event => this.state.set(Number(this.valueAt(event.clientX - svg.getBoundingClientRect().left).toPrecision(6)));
    svg.addEventListener('pointerdown', event => {
      if (event.button) return;
      svg.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      at(event);
      event.preventDefault();
    });
    svg.addEventListener('pointermove', event => { if (svg.hasPointerCapture(event.pointerId)) at(event); });
    handle.addEventListener('keydown', event => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity }[event.key];
      if (steps === undefined) return;
      this.state.step(steps);
      event.preventDefault();
    });
  }

  move() {
    const { threshold, reviewFrom } = this.state, x = this.x(threshold);
    this.handle.setAttribute('transform', `translate(${x} 0)`);
    this.shade.setAttribute('x', x);
    this.shade.setAttribute('width', Math.max(0, this.right - x));
    const from = reviewFrom === null ? x : Math.min(x, this.x(reviewFrom));
    this.band.setAttribute('x', from);
    this.band.setAttribute('width', x - from);
    this.handle.setAttribute('aria-valuenow', threshold);
    this.handle.setAttribute('aria-valuetext', this.state.words());
  }
}

/** A curve in the unit square with the chosen point on it. */
class Curve {
  constructor(place, options) { Object.assign(this, { place }, options); }

  draw() {
    const width = this.place.clientWidth, height = Math.min(340, Math.max(240, width * 0.75)), left = 40, right = width - 12, top = 10, bottom = height - 38;
    this.px = v => left + v * (right - left);
    this.py = v => bottom - v * (bottom - top);
    const svg = element('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img' });
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      svg.append(element('line', { x1: left, x2: right, y1: this.py(tick), y2: this.py(tick), stroke: '#e4e9ee' }), element('line', { x1: this.px(tick), x2: this.px(tick), y1: top, y2: bottom, stroke: '#e4e9ee' }),
        element('text', { x: left - 6, y: this.py(tick) + 4, 'text-anchor': 'end' }, String(tick)), element('text', { x: this.px(tick), y: bottom + 16, 'text-anchor': 'middle' }, String(tick)));
    }
    svg.append(element('text', { x: (left + right) / 2, y: height - 4, 'text-anchor': 'middle' }, this.across));
    const chance = this.chance();
    svg.append(element('line', { x1: this.px(0), y1: this.py(chance[0]), x2: this.px(1), y2: this.py(chance[1]), stroke: '#8894a4', 'stroke-dasharray': '4 4' }));
    const path = this.points.map((p, i) => `${i ? 'L' : 'M'}${this.px(p[0]).toFixed(1)} ${this.py(p[1]).toFixed(1)}`).join('');
    svg.append(element('path', { d: path, fill: 'none', stroke: 'var(--normal)', 'stroke-width': 2.5, 'stroke-linejoin': 'round' }));
    this.dot = element('circle', { r: 7, fill: '#fff', stroke: 'var(--ink)', 'stroke-width': 3, class: 'chosen' });
    this.text = element('text', { class: 'strong' });
    svg.append(this.dot, this.text);
    this.svg = svg;
    this.place.replaceChildren(svg);
    this.move();
  }

  move() {
    const chosen = this.chosen();
    this.dot.setAttribute('visibility', chosen ? 'visible' : 'hidden');
    this.text.setAttribute('visibility', chosen ? 'visible' : 'hidden');
    const words = chosen ? this.words(chosen) : 'nothing is rejected';
    this.svg.setAttribute('aria-label', `${this.name}. At this threshold: ${words}`);
    if (!chosen) return;
    const x = this.px(chosen[0]), y = this.py(chosen[1]);
    this.dot.setAttribute('cx', x);
    this.dot.setAttribute('cy', y);
    this.text.textContent = words;
    const width = this.text.getComputedTextLength(), beside = chosen[0] > 0.55 ? x - 12 - width : x + 12;
    this.text.setAttribute('x', Math.max(this.px(0) + 4, Math.min(this.px(1) - width, beside)));
    this.text.setAttribute('y', Math.min(y + 22, this.py(0) - 6));
  }
}

/** Loss by epoch, training solid and validation dashed with dots; not interactive. */
function drawEpochs(place, epochs) {
  const width = place.clientWidth, height = 220, left = 52, right = width - 12, top = 26, bottom = height - 34;
  const values = epochs.flatMap(e => e.slice(1)).filter(v => v !== null), low = Math.min(...values), high = Math.max(...values), last = epochs[epochs.length - 1][0];
  const x = epoch => left + (last > 1 ? (epoch - 1) / (last - 1) : 0.5) * (right - left), y = v => bottom - (high > low ? (v - low) / (high - low) : 0.5) * (bottom - top);
  const svg = element('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': `Training loss over ${last} epochs, from ${figure(epochs[0][1])} to ${figure(epochs[epochs.length - 1][1])}` });
  for (const tick of ticks(low, high > low ? high : low + 1, 4)) {
    if (tick > high) continue;
    svg.append(element('line', { x1: left, x2: right, y1: y(tick), y2: y(tick), stroke: '#e4e9ee' }), element('text', { x: left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, String(tick)));
  }
  for (const epoch of [...new Set([1, last])]) svg.append(element('text', { x: x(epoch), y: bottom + 16, 'text-anchor': epoch === 1 ? 'start' : 'end' }, String(epoch)));
  svg.append(element('text', { x: (left + right) / 2, y: height - 4, 'text-anchor': 'middle' }, 'epoch'));
  for (const [column, name, style] of [[1, 'loss', { stroke: 'var(--normal)' }], [2, 'validation loss', { stroke: 'var(--anomalous)', 'stroke-dasharray': '6 4' }]]) {
    const known = epochs.filter(e => e[column] !== null);
    if (!known.length) continue;
    svg.append(element('path', { d: known.map((e, i) => `${i ? 'L' : 'M'}${x(e[0]).toFixed(1)} ${y(e[column]).toFixed(1)}`).join(''), fill: 'none', 'stroke-width': 2.5, ...style }));
    if (column === 2) for (const e of known) svg.append(element('circle', { cx: x(e[0]), cy: y(e[column]), r: 3, fill: 'var(--anomalous)' }));
    svg.append(element('line', { x1: column === 1 ? left : left + 90, x2: column === 1 ? left + 24 : left + 114, y1: 10, y2: 10, 'stroke-width': 2.5, ...style }), element('text', { x: column === 1 ? left + 30 : left + 120, y: 14 }, name));
  }
  place.replaceChildren(svg);
}
