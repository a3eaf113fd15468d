import { mayChange, whenAccessChanges, whyNot } from './access.js';
import { ask, byId, dateTime, el, number, say, send } from './dom.js';
import { verdictMark } from './verdict.js';
import { askWhy } from './why.js';
import { nameWhatIfStations } from './whatif.js';

const share = value => value === null || value === undefined ? '–' : value.toFixed(3);

async function change(station, body, words) {
  const why = await askWhy(words);
  if (why === null) return;
  say(byId('modelNews'), `${words} …`);
  try {
    const now = await send(`/api/stations/${encodeURIComponent(station)}/model`, { ...body, why: why || null });
    say(byId('modelNews'), body.action === 'shadow' ? `${words}: done.` : `${station}: version ${now.version} runs.`);
  } catch (error) {
    say(byId('modelNews'), `${words} was refused, what ran goes on: ${error.message}`);
  }
  await load();
  byId('modelNews').focus();   // the button has gone with its row
}

function row(model, version) {
  const stations = model.stations.filter(s => s.version === version.version), cells = [
    ['Version', `${version.version}`], ['State', [...(model.current === version.version ? ['current'] : []), ...stations.map(s => `runs on ${s.station}${s.canary ? ' as a canary' : ''}${s.probation === version.version ? ', on probation' : ''}`)].join(', ') || '–'],
    ...(version.error ? [['', version.error]] : [
      ['Made', dateTime(version.createdAt)], ['Method', `${version.method}, ${version.backbone}`], ['Threshold', number(version.threshold)], ['Image AUROC', share(version.imageAuroc)], ['Pixel AUROC', share(version.pixelAuroc)], ['Calibrated on', `${version.normals} normal parts`],
    ]),
  ];
  const several = model.stations.length > 1, others = version.error ? [] : model.stations.filter(s => s.version !== version.version);
  // One order is for every station with the model; a canary is for one of them.
  const first = others[0] ?? (model.current === version.version || version.error ? null : model.stations[0]);
  const activate = !first ? [] : [
    el('button', { type: 'button', className: 'change', onclick: () => change(first.station, { action: 'activate', version: version.version }, `Activate ${model.name} version ${version.version} on ${several ? 'every station' : first.station}`) }, several ? 'Activate everywhere' : 'Activate')];
  const canary = !several || model.current === version.version ? [] : others.map(s =>
    el('button', { type: 'button', className: 'change', onclick: () => change(s.station, { action: 'canary', version: version.version }, `Run ${model.name} version ${version.version} on ${s.station} alone`) }, `Canary on ${s.station}`));
  const watching = version.error ? null : others.find(s => s.shadow !== version.version), watch = !watching || model.versions.length < 2 || model.current === version.version ? [] : [
    el('button', { type: 'button', className: 'change', onclick: () => change(watching.station, { action: 'shadow', version: version.version }, `Let ${model.name} version ${version.version} watch${several ? '' : ` on ${watching.station}`}`) }, 'Shadow')];
  return el('li', { className: 'version' }, el('dl', {}, ...cells.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))), ...activate, ...canary, ...watch);
}

/** What a version that only watches would have said. */
function shadow(model, view) {
  const r = view.report, stop = el('button', { type: 'button', className: 'change', onclick: () => change(view.station, { action: 'shadow' }, `Stop the shadow on ${view.station}`) }, 'Stop the shadow');
  const head = el('div', { className: 'bar' }, el('h4', {}, `Version ${view.version} watches on ${view.station}${view.state === 'running' ? '' : ` (${view.state})`}`), stop);
  if (view.reason) return el('div', { className: 'shadow' }, head, el('p', {}, view.reason));
  if (!r || r.parts === 0) return el('div', { className: 'shadow' }, head, el('p', { className: 'note' }, 'It has seen no part yet.'));
  const facts = `${r.parts} parts seen by both, ${r.missed} missed because it was busy. The same verdict: ${(100 * r.same / r.parts).toFixed(2)} %. Its scores lie ${number(Math.abs(r.scores.shift))} ${r.scores.shift < 0 ? 'lower' : 'higher'}, where 1 is the way from an average normal part to the threshold.`;
  const rows = r.disagreements.slice(0, 10).map(d => el('tr', {}, el('th', { scope: 'row' }, d.partId ?? d.jobId), el('td', {}, dateTime(d.at)), el('td', {}, verdictMark(word(d.running))), el('td', {}, verdictMark(word(d.candidate))), el('td', {}, number(d.score)), el('td', {}, number(d.candidateScore))));
  return el('div', { className: 'shadow' }, head, el('p', {}, facts), rows.length === 0 ? null : el('table', { tabIndex: 0, 'aria-label': 'Largest disagreements first' },
    el('tr', {}, ...['part', 'when', `version ${r.pair.version}`, `version ${r.pair.candidate}`, 'score', 'its score'].map(name => el('th', { scope: 'col' }, name))), ...rows));
}

const word = verdict => String(verdict).toLowerCase();

function card(model, shadows) {
  const canary = model.stations.find(s => s.canary), at = canary ?? model.stations[0];
  const back = !at ? [] : [el('button', { type: 'button', className: 'change', onclick: () => change(at.station, { action: 'rollback' }, canary ? `End the canary of ${model.name}` : `Roll ${model.name} back`) }, canary ? 'End the canary' : 'Roll back')];
  return el('article', { className: 'model', 'aria-label': `Model ${model.name}` }, el('div', { className: 'bar' }, el('h3', {}, model.name), ...(model.versions.length > 1 ? back : [])),
    el('ul', { 'aria-label': 'Versions, newest first' }, ...model.versions.map(version => row(model, version))),
    ...shadows.filter(view => view.model === model.name && view.version !== null).map(view => shadow(model, view)),
    model.history.length === 0 ? null : el('details', {}, el('summary', {}, 'What ran when, and why'),
      el('ul', {}, ...model.history.map(a => el('li', {}, `${dateTime(a.at)}: ${a.to === 0 ? `version ${a.from} ends` : `version ${a.to}`}${a.role ? ` (${a.role})` : ''}${a.from && a.to !== 0 && a.role !== 'shadow' ? ` after ${a.from}` : ''}${a.by ? `, ${a.by}` : ''}${a.why ? `: ${a.why}` : ''}`)))));
}

function allow() {
  for (const button of document.querySelectorAll('#modelCards .change')) button.disabled = !mayChange();
  say(byId('modelMayNot'), whyNot());
}

async function load() {
  try {
    const [models, shadows] = await Promise.all([ask('/api/models'), ask('/api/shadow')]);
    byId('modelCards').replaceChildren(...models.map(model => card(model, shadows)));
    nameWhatIfStations(models.flatMap(model => model.stations.map(s => s.station)));
    allow();
  } catch (error) {
    say(byId('modelNews'), error.message);
  }
}

whenAccessChanges(allow);
export function showModels() { say(byId('modelNews'), ''); load(); }
