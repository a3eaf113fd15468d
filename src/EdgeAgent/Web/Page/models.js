import { mayChange, whenAccessChanges, whyNot } from './access.js';
import { ask, byId, dateTime, el, number, say, send } from './dom.js';
import { nameWhatIfStations } from './whatif.js';

const share = value => value === null || value === undefined ? '–' : value.toFixed(3);

async function change(station, body, words) {
  const why = prompt(`${words}. Why? (It is written down.)`, '');
  if (why === null) return;
  say(byId('modelNews'), `${words} …`);
  try {
    const now = await send(`/api/stations/${encodeURIComponent(station)}/model`, { ...body, why: why || null });
    say(byId('modelNews'), `${station}: version ${now.version} runs.`);
  } catch (error) {
    say(byId('modelNews'), `${words} was refused, what ran goes on: ${error.message}`);
  }
  await load();
}

function row(model, version) {
  const stations = model.stations.filter(s => s.version === version.version), cells = [
    ['Version', `${version.version}`], ['State', [...(model.current === version.version ? ['current'] : []), ...stations.map(s => `runs on ${s.station}${s.probation === version.version ? ', on probation' : ''}`)].join(', ') || '–'],
    ...(version.error ? [['', version.error]] : [
      ['Made', dateTime(version.createdAt)], ['Method', `${version.method}, ${version.backbone}`], ['Threshold', number(version.threshold)], ['Image AUROC', share(version.imageAuroc)], ['Pixel AUROC', share(version.pixelAuroc)], ['Calibrated on', `${version.normals} normal parts`],
    ]),
  ];
  const activate = model.stations.filter(s => s.version !== version.version && !version.error).map(s =>
    el('button', { type: 'button', className: 'change', onclick: () => change(s.station, { action: 'activate', version: version.version }, `Activate ${model.name} version ${version.version} on ${s.station}`) }, model.stations.length > 1 ? `Activate on ${s.station}` : 'Activate'));
  return el('li', { className: 'version' }, el('dl', {}, ...cells.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))), ...activate);
}

function card(model) {
  const back = model.stations.map(s => el('button', { type: 'button', className: 'change', onclick: () => change(s.station, { action: 'rollback' }, `Roll ${model.name} back on ${s.station}`) }, model.stations.length > 1 ? `Roll back on ${s.station}` : 'Roll back'));
  return el('article', { className: 'model', 'aria-label': `Model ${model.name}` }, el('div', { className: 'bar' }, el('h3', {}, model.name), ...(model.versions.length > 1 ? back : [])),
    el('ul', { 'aria-label': 'Versions, newest first' }, ...model.versions.map(version => row(model, version))),
    model.history.length === 0 ? null : el('details', {}, el('summary', {}, 'What ran when, and why'),
      el('ul', {}, ...model.history.map(a => el('li', {}, `${dateTime(a.at)}: version ${a.to}${a.from ? ` after ${a.from}` : ''}${a.by ? `, ${a.by}` : ''}${a.why ? `: ${a.why}` : ''}`)))));
}

function allow() {
  for (const button of document.querySelectorAll('#modelCards .change')) button.disabled = !mayChange();
  say(byId('modelMayNot'), whyNot());
}

async function load() {
  try {
    const models = await ask('/api/models');
    byId('modelCards').replaceChildren(...models.map(card));
    nameWhatIfStations(models.flatMap(model => model.stations.map(s => s.station)));
    allow();
  } catch (error) {
    say(byId('modelNews'), error.message);
  }
}

whenAccessChanges(allow);
export function showModels() { say(byId('modelNews'), ''); load(); }
