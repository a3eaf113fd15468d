import { ask, byId, el, number, say } from './dom.js';

const width = 640, height = 220, bins = 64, left = 8;
let scores = null, tried = 0, asked = 0;

const svg = (tag, attributes) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

/** Raw score to the width of the plot: from the smallest to the largest that occurs, or the threshold. */
function scale() {
  const all = scores.parts.map(part => part.score).concat(scores.threshold), low = Math.min(...all), high = Math.max(...all), span = high - low || 1;
  return { low: low - span * 0.02, high: high + span * 0.02, x: score => left + (score - low + span * 0.02) / (span * 1.04) * (width - 2 * left) };
}

function draw() {
  const plot = byId('whatIfPlot'), { low, high, x } = scale();
  const columns = Array.from({ length: bins }, () => ({ none: 0, normal: 0, anomalous: 0 }));
  for (const part of scores.parts) columns[Math.min(bins - 1, Math.floor((part.score - low) / (high - low) * bins))][part.truth ?? 'none']++;
  const most = Math.max(1, ...columns.map(c => c.none + c.normal + c.anomalous)), room = height - 8, wide = (width - 2 * left) / bins;
  const bars = columns.flatMap((column, i) => {
    const parts = column.none + column.normal + column.anomalous, tall = Math.sqrt(parts / most) * room;   // roots: single parts are seen beside thousands
    let base = height;
    return ['normal', 'none', 'anomalous'].filter(kind => column[kind] > 0).map(kind => {
      const share = tall * column[kind] / parts;
      base -= share;
      return svg('rect', { x: left + i * wide, y: base, width: Math.max(1, wide - 1), height: share, class: `bar-${kind}` });
    });
  });
  plot.replaceChildren(...bars,
    svg('line', { x1: x(scores.threshold), x2: x(scores.threshold), y1: 0, y2: height, class: 'was' }), svg('line', { x1: x(tried), x2: x(tried), y1: 0, y2: height, class: 'would' }));
  say(byId('whatIfLow'), number(low));
  say(byId('whatIfHigh'), number(high));
  tell(tried);
}

function tell(threshold) {
  const count = (limit, truth) => scores.parts.filter(part => part.score >= limit && (truth === undefined || part.truth === truth)).length;
  const parts = scores.parts.length, normal = scores.parts.filter(p => p.truth === 'normal').length, anomalous = scores.parts.filter(p => p.truth === 'anomalous').length;
  const percent = value => parts === 0 ? '–' : `${(100 * value / parts).toFixed(2)} %`;
  byId('whatIf').setAttribute('aria-valuetext', `threshold ${number(threshold)}, ${count(threshold)} of ${parts} parts rejected`);
  const verdict = (score, limit) => score >= limit ? 'reject' : scores.reviewFrom !== null && score >= scores.reviewFrom ? 'review' : 'accept';
  const given = (limit, wanted) => scores.parts.filter(part => verdict(part.score, limit) === wanted).length, both = wanted => [`${given(scores.threshold, wanted)}`, `${given(threshold, wanted)}`];
  const rows = [
    ['Threshold', number(scores.threshold), number(threshold)], ['Rejected', `${count(scores.threshold)} (${percent(count(scores.threshold))})`, `${count(threshold)} (${percent(count(threshold))})`],
    [`False rejects of ${normal} reviewed as normal`, `${count(scores.threshold, 'normal')}`, `${count(threshold, 'normal')}`],
    [`Misses of ${anomalous} reviewed as anomalous`, `${anomalous - count(scores.threshold, 'anomalous')}`, `${anomalous - count(threshold, 'anomalous')}`],
    ['Accepted', ...both('accept')], ...(scores.reviewFrom === null ? [] : [[`To review, from ${number(scores.reviewFrom)}`, ...both('review')]]),
    ['Other verdicts than now', '0', `${scores.parts.filter(part => verdict(part.score, threshold) !== verdict(part.score, scores.threshold)).length}`],
  ];
  byId('whatIfTable').replaceChildren(el('tr', {}, el('td', {}), el('th', { scope: 'col' }, 'now'), el('th', { scope: 'col' }, 'then')), ...rows.map(([name, ...cells]) => el('tr', {}, el('th', { scope: 'row' }, name), ...cells.map(cell => el('td', {}, cell)))));
  const command = `edge-trainer calibrate --package models/${scores.model} --threshold ${threshold.toPrecision(6)}`;
  say(byId('whatIfHow'), threshold === scores.threshold ? '' : `Nothing has changed. A new version with this threshold: ${command}`);
}

async function load() {
  const station = byId('whatIfStation').value, turn = ++asked;
  if (!station) return;
  try {
    const found = await ask('/api/scores', { station });
    if (turn !== asked) return;
    scores = found;
    const { low, high } = scale(), slider = byId('whatIf');
    [slider.min, slider.max, slider.step] = [low, high, (high - low) / 1000];
    slider.value = tried = scores.threshold;
    byId('whatIfBody').hidden = scores.parts.length === 0;
    say(byId('whatIfNews'), scores.parts.length === 0 ? 'The running graph has scored no part yet.' : `The last ${scores.parts.length} parts that the graph of ${scores.model} version ${scores.version} scored on ${scores.station}.`);
    if (scores.parts.length > 0) draw();
  } catch (error) {
    if (turn === asked) { byId('whatIfBody').hidden = true; say(byId('whatIfNews'), error.message); }
  }
}

export function nameWhatIfStations(names) {
  const select = byId('whatIfStation'), before = select.value;
  select.replaceChildren(...names.map(name => el('option', {}, name)));
  if (names.includes(before)) select.value = before;
  load();
}

byId('whatIfStation').addEventListener('change', load);
byId('whatIf').addEventListener('input', () => { tried = Number(byId('whatIf').value); draw(); });
