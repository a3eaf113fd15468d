import { mayChange, refreshAccess, whenAccessChanges, whyNot } from './access.js';
import { ask, byId, dateTime, el, number, say, send } from './dom.js';
import { picturePlace } from './heatmap.js';
import { verdictMark } from './verdict.js';

const place = picturePlace(byId('casePicture'), byId('caseHeatmap'), byId('caseHeatmapNews'));
let queue = [], at = 0, next = null, asked = 0, busy = false;
const said = [];   // newest last: what undo takes back

const words = {
  reject: { anomalous: 'Right: anomalous', normal: 'False reject: normal' },
  accept: { anomalous: 'Miss: anomalous', normal: 'Right: normal' },
};
const why = { 'reject': 'rejected', 'review': 'in the review band', 'near-threshold': 'accepted, near the threshold', 'sample': 'accepted, a random sample' };
const outcomes = { 'confirmed': 'the verdict was right', 'false-reject': 'false reject', 'miss': 'miss', 'normal': 'normal', 'anomalous': 'anomalous', 'unusable': 'unusable picture' };

function show() {
  const item = queue[at], form = byId('judge');
  byId('case').hidden = !item;
  say(byId('position'), item ? `Part ${at + 1} of ${queue.length}${next === null ? '' : ' or more'}` : '');
  if (!item) return;
  const r = item.part.record;
  place.show(item.part.image, `Part ${r.partId ?? r.jobId}`);
  byId('caseFacts').replaceChildren(
    verdictMark(r.verdict, r.reason), el('b', { className: 'id' }, r.partId ?? r.jobId), el('span', {}, `score ${number(r.score)} of ${number(r.threshold)}`),
    el('span', { className: 'where' }, `${why[item.why] ?? item.why} · ${item.part.station} · ${dateTime(item.part.at)}`),
    ...(item.part.review ? [el('b', {}, `${item.part.review.by}: ${outcomes[item.part.review.outcome]}${item.part.review.defect ? `, ${item.part.review.defect}` : ''}`)] : []));
  for (const button of form.querySelectorAll('button[value]')) {
    const key = el('kbd', { 'aria-hidden': 'true' }, button.dataset.key);
    button.replaceChildren(words[r.verdict]?.[button.value] ?? button.dataset.word, key);
  }
  form.elements.note.value = item.part.review?.note ?? '';
}

function allow() {
  for (const button of byId('judge').querySelectorAll('button')) button.disabled = !mayChange() || busy;
  byId('undo').disabled = !mayChange() || busy || said.length === 0;
  say(byId('mayNot'), whyNot());
}

async function load(more) {
  const filter = Object.fromEntries(new FormData(byId('queueFilter'))), turn = ++asked;
  say(byId('reviewNews'), 'Looking …');
  try {
    const found = await ask('/api/reviews/queue', { ...filter, reviewed: filter.reviewed ? 1 : '', before: more ? next : '' });
    if (turn !== asked) return;
    queue = more ? queue.concat(found.parts) : found.parts;
    if (!more) at = 0;
    next = found.next;
    byId('defects').replaceChildren(...found.defects.map(defect => el('option', { value: defect })));
    say(byId('reviewNews'), queue.length > at ? '' : filter.reviewed ? 'Nothing was reviewed yet.' : 'Nothing waits for a review.');
    show();
  } catch (error) {
    if (turn === asked) say(byId('reviewNews'), error.message);
  }
}

function go(step) {
  if (at + step < 0) return;
  if (at + step >= queue.length) {
    if (step > 0 && next !== null) { at = queue.length; load(true); } else if (step > 0) say(byId('reviewNews'), 'This was the last one.');
    return;
  }
  at += step;
  say(byId('reviewNews'), '');
  show();
}

async function judge(judgement) {
  const item = queue[at], form = byId('judge');
  if (!item || busy || !mayChange()) return;
  const defect = judgement === 'anomalous' && form.elements.defect.value.trim() ? form.elements.defect.value.trim().toLowerCase() : null;
  [busy] = [true];
  allow();
  try {
    item.part.review = await send('/api/reviews', { entry: item.part.seq, judgement, defect, note: form.elements.note.value.trim() || null });
    said.push(item);
    form.elements.note.value = '';
    form.elements.defect.value = '';
    busy = false;
    const last = at;
    go(1);
    say(byId('reviewNews'), `${item.part.record.partId ?? item.part.record.jobId}: ${outcomes[item.part.review?.outcome] ?? judgement}.${at === last ? ' This was the last one.' : ''}`);
    if (at === last) show();
  } catch (error) {
    say(byId('reviewNews'), error.message);
    if (!mayChange()) refreshAccess();
  }
  busy = false;
  allow();
}

async function undo() {
  const item = said.at(-1);
  if (!item || busy) return;
  busy = true;
  try {
    await send('/api/reviews', { entry: item.part.seq, judgement: 'withdrawn' });
    said.pop();
    item.part.review = null;
    at = queue.includes(item) ? queue.indexOf(item) : at;
    say(byId('reviewNews'), `Taken back: ${item.part.record.partId ?? item.part.record.jobId}.`);
    show();
  } catch (error) {
    say(byId('reviewNews'), error.message);
  }
  busy = false;
  allow();
}

byId('judge').addEventListener('submit', event => { event.preventDefault(); if (event.submitter?.value) judge(event.submitter.value); });
byId('undo').addEventListener('click', undo);
byId('previous').addEventListener('click', () => go(-1));
byId('skip').addEventListener('click', () => go(1));
byId('queueFilter').addEventListener('change', () => load(false));
byId('casePicture').addEventListener('error', () => say(byId('reviewNews'), 'The archive does not have this picture any more.'));
addEventListener('keydown', event => {
  if (byId('reviewing').hidden || event.ctrlKey || event.altKey || event.metaKey || event.target.matches('input, select, textarea') || document.querySelector('dialog[open]')) return;
  const act = { 1: () => judge('normal'), 2: () => judge('anomalous'), 3: () => judge('unusable'), j: () => go(1), k: () => go(-1), u: undo, h: place.toggle }[event.key];
  if (act) { event.preventDefault(); act(); }
});
whenAccessChanges(allow);

export function nameQueueStations(stations) {
  const select = byId('queueFilter').elements.station;
  for (const { name } of stations) if (![...select.options].some(option => option.value === name)) select.append(el('option', {}, name));
}

export const showReviewing = () => load(false);
