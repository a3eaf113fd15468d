import { ask, byId, dateTime, el, number, say } from './dom.js';
import { picturePlace } from './heatmap.js';
import { verdictMark } from './verdict.js';

const place = picturePlace(byId('partPicture'), byId('partHeatmap'), byId('partHeatmapNews'));
let next = null, asked = 0;

function open(part) {
  const dialog = byId('picture'), r = part.record;
  dialog.querySelector('h2').textContent = r.partId ?? r.jobId;
  place.show(part.image, `Part ${r.partId ?? r.jobId}, ${r.verdict}`);
  byId('partFacts').textContent = `${r.verdict}, score ${number(r.score)} of ${number(r.threshold)}, ${part.station}, ${dateTime(part.at)}`;
  dialog.showModal();
}

function item(part) {
  const r = part.record;
  const facts = [
    verdictMark(r.verdict, r.reason), el('b', { className: 'id' }, r.partId ?? r.jobId), el('span', {}, `score ${number(r.score)} of ${number(r.threshold)}`),
    el('span', { className: 'where' }, `${part.station} · ${dateTime(part.at)}`), el('span', { className: 'where' }, r.model ? `${r.model} ${r.version}${r.recipe ? `, ${r.recipe}` : ''}` : 'no model'),
    r.partId ? el('span', { className: 'where' }, `job ${r.jobId}`) : null,
    part.review ? el('b', {}, `${part.review.by}: ${part.review.outcome}${part.review.defect ? `, ${part.review.defect}` : ''}`) : null,
  ];
  if (part.image === null) return el('li', {}, el('div', { className: 'part' }, el('span', { className: 'frame' }, 'no picture kept'), ...facts));
  const image = el('img', { src: `/api/pictures/${part.image}?small=1`, alt: '', loading: 'lazy', width: 320, height: 240 });
  const frame = el('span', { className: 'frame' }, image);
  image.addEventListener('error', () => frame.replaceChildren('picture no longer kept'));
  return el('li', {}, el('button', { type: 'button', className: 'part', onclick: () => open(part) }, frame, ...facts));
}

/** A time of the form is local; the agent is told UTC. */
const utc = text => text ? new Date(text).toISOString() : '';

async function search(more) {
  const fields = Object.fromEntries(new FormData(byId('search'))), turn = ++asked;
  if (!more) byId('parts').replaceChildren();
  say(byId('found'), 'Looking …');
  byId('older').hidden = true;
  try {
    const found = await ask('/api/history', { ...fields, from: utc(fields.from), to: utc(fields.to), before: more ? next : '' });
    if (turn !== asked) return;   // another search has begun
    byId('parts').append(...found.parts.map(item));
    next = found.next;
    byId('older').hidden = next === null;
    const count = byId('parts').children.length;
    say(byId('found'), `${count === 0 ? 'No part' : count === 1 ? '1 part' : `${count} parts`}${next === null ? '' : ' so far; older ones are not looked at yet'}.`);
  } catch (error) {
    if (turn === asked) say(byId('found'), error.message);
  }
}

export function nameStations(stations) {
  const select = byId('search').elements.station;
  for (const { name } of stations) if (![...select.options].some(option => option.value === name)) select.append(el('option', {}, name));
}

export const showHistory = () => search(false);

byId('search').addEventListener('submit', event => { event.preventDefault(); search(false); });
byId('older').addEventListener('click', () => search(true));
byId('closePicture').addEventListener('click', () => byId('picture').close());
byId('picture').addEventListener('keydown', event => { if (event.key === 'h' && !event.ctrlKey && !event.altKey && !event.metaKey) place.toggle(); });
