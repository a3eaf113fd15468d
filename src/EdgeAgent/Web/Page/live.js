import { byId, el, number, say, time } from './dom.js';
import { verdictMark } from './verdict.js';

const shown = 20, watchEvery = 5000;
const cards = new Map();
let waiting = [], dropped = 0, paused = false, drawing = false;

const words = { 'paused': 'paused', 'camera': 'camera trouble', 'no-model': 'no model', 'stalled': 'stalled' };

function card(name) {
  const image = el('img', { alt: '', width: 256, height: 256 });
  const parts = {
    root: el('article', { className: 'station', 'aria-label': `Station ${name}` }),
    state: el('p', { className: 'state' }), last: el('p', { className: 'last' }), image, note: el('p', { className: 'note' }), counts: el('dl', { className: 'counts' }), facts: el('dl', { className: 'facts' }),
    picture: -1, askedAt: 0,
  };
  const frame = el('div', { className: 'frame' }, image, parts.note);
  parts.root.append(el('h3', {}, name), parts.state, parts.last, frame, parts.counts, parts.facts);
  image.addEventListener('error', () => { image.hidden = true; say(parts.note, 'No picture yet'); });
  image.addEventListener('load', () => { image.hidden = false; say(parts.note, ''); });
  byId('stations').append(parts.root);
  return parts;
}

function fill(list, pairs) {
  const text = JSON.stringify(pairs);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(...pairs.map(([name, value, kind]) => el('div', kind ? { className: kind } : {}, el('dt', {}, name), el('dd', {}, String(value)))));
}

function showPicture(station, parts) {
  const heatmap = byId('heatmaps').checked, picture = `${station.picture} ${heatmap}`;
  // Asked for again when there is a newer one, and now and then: asking keeps them coming.
  if (byId('live').hidden || document.hidden || (parts.picture === picture && performance.now() - parts.askedAt < watchEvery)) return;
  // The model's picture is made to fit the graph; people see the part in the camera's proportions.
  const aspect = station.pictureWidth ? station.pictureWidth / station.pictureHeight : 1;
  parts.image.style.aspectRatio = aspect;
  parts.image.classList.toggle('tall', aspect < 4 / 3);
  [parts.picture, parts.askedAt] = [picture, performance.now()];
  parts.image.alt = station.picture ? `Part ${station.pictureJob}, ${station.pictureVerdict}${heatmap ? ', with heatmap' : ''}` : '';
  parts.image.src = `/api/stations/${encodeURIComponent(station.name)}/picture?heatmap=${heatmap ? 1 : 0}&n=${Math.round(performance.now())}`;
}

export function showStations(stations) {
  for (const station of stations) {
    if (!cards.has(station.name)) cards.set(station.name, card(station.name));
    const parts = cards.get(station.name), uninspected = Object.entries(station.uninspected);
    parts.root.classList.toggle('trouble', station.notReady !== null);
    say(parts.state, station.notReady === null ? 'Ready' : `Not ready: ${words[station.notReady] ?? station.notReady}${station.cameraTrouble ? ` – ${station.cameraTrouble}` : ''}`);
    fill(parts.counts, [['accept', station.accepted, 'accept'], ['reject', station.rejected, 'reject'], ['review', station.reviews, 'review'], ['uninspected', uninspected.reduce((sum, [, n]) => sum + n, 0), 'uninspected']]);
    fill(parts.facts, [
      ...(station.recipe === null ? [] : [['Recipe', station.recipe]]),
      ['Model', `${station.model} ${station.version ?? '(none runs)'}`],
      ...(station.modelState === 'refused' ? [[`Version ${station.aspired ?? ''} refused`, station.refusal]] : []),
      ['Camera', station.camera], ...(station.broker === 'none' ? [] : [['Broker', station.broker]]),
      ...uninspected.map(([reason, count]) => [`uninspected: ${reason}`, count]),
    ]);
    showPicture(station, parts);
  }
}

function row(verdict) {
  return el('li', {}, verdictMark(verdict.verdict, verdict.reason), el('span', { className: 'id' }, verdict.partId ?? verdict.jobId),
    el('span', { className: 'figures' }, `${number(verdict.score)} of ${number(verdict.threshold)}`), el('span', { className: 'where' }, `${verdict.station} ${time(verdict.decidedAt)}`));
}

function draw() {
  drawing = false;
  const list = byId('verdicts'), rows = waiting.slice(-shown).map(row).reverse();
  const newest = new Map(waiting.map(verdict => [verdict.station, verdict]));
  waiting = [];
  list.prepend(...rows);
  while (list.children.length > shown) list.lastChild.remove();
  for (const [station, verdict] of newest) cards.get(station)?.last.replaceChildren(verdictMark(verdict.verdict, verdict.reason), el('span', { className: 'id' }, verdict.partId ?? verdict.jobId));
}

/** Rows are drawn four times a second at most: nobody reads faster. */
export function addVerdict(verdict) {
  waiting.push(verdict);
  if (drawing) return;
  drawing = true;
  setTimeout(draw, 250);
}

export function addDropped(count) {
  dropped += count;
  tellMissing();
}

/** Nobody looks, and nothing is followed. */
export function addPause() {
  paused = true;
  tellMissing();
}

function tellMissing() {
  const missing = [...(dropped > 0 ? [`${dropped} verdicts were too fast for this page`] : []), ...(paused ? ['verdicts while nobody looked at this tab are not listed'] : [])].join('; ');
  say(byId('dropped'), `${missing[0].toUpperCase()}${missing.slice(1)}; the history has them.`);
}

byId('heatmaps').addEventListener('change', () => { for (const parts of cards.values()) parts.picture = -1; });
