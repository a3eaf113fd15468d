by('name').textContent = `${data.name} · version ${data.version}`;
by('subtitle').textContent = `${data.method} on ${data.backbone}, evaluated on ${data.dataName}: ${N} normal and ${A} anomalous pictures · ${data.evaluatedAt}`;
facts(by('model').tBodies[0], data.model);
facts(by('dataset').tBodies[0], data.dataset);
list(by('training'), 'Parameters', data.parameters);
list(by('leftOut'), 'Duplicates left out', data.duplicates);
list(by('leftOut'), 'Pictures that could not be used', data.skipped);
list(by('leftOut'), 'Masks that could not be used', data.masks);
for (const [name, value] of data.figures) by('figures').append(cell('div', [cell('dt', name), cell('dd', value)]));
if (!both) for (const place of [by('roc'), by('pr')]) place.append(cell('p', `Needs normal and anomalous pictures; there are ${N} and ${A}.`, 'note'));

const kinds = [['all', 'All'], ['wrong', 'Errors'], ['falseReject', 'False rejects'], ['miss', 'Misses'], ...(data.reviewFrom === null ? [] : [['review', 'To review']])];
by('kinds').append(...kinds.map(([value, name]) => {
  const button = cell('button', name);
  button.type = 'button';
  Object.assign(button.dataset, { kind: value, name });
  button.setAttribute('aria-pressed', value === kind);
  button.addEventListener('click', () => { kind = value; choose(); });
  return button;
}));
by('folder').append(new Option('all', -1), ...state.folders.map((folder, label) => new Option(`${folder.name} (${folder.scores.length})`, label)));
for (const id of ['folder', 'order']) by(id).addEventListener('change', choose);
by('allHeatmaps').addEventListener('change', () => { by('grid').classList.toggle('all', by('allHeatmaps').checked); gallery.clear(); gallery.render(); });
by('threshold').addEventListener('input', () => state.set(by('threshold').valueAsNumber));
by('threshold').addEventListener('change', () => { by('threshold').value = state.threshold; });
by('reset').title = `The package's threshold, ${data.threshold}`;
for (const button of document.querySelectorAll('[data-preset]')) {
  const threshold = presets[button.dataset.preset]();
  button.disabled = threshold === undefined;
  button.addEventListener('click', () => state.set(threshold));
}

const canvas = document.createElement('canvas');
canvas.width = data.colors.length;
canvas.height = 1;
data.colors.forEach((color, x) => { const pen = canvas.getContext('2d'); pen.fillStyle = color; pen.fillRect(x, 0, 1, 1); });
by('colorbar').append(`Heatmap: map value ${figure(data.heatmapLow)} or less`, canvas, `${figure(data.heatmapHigh)} or more${data.contour === null ? '' : `; contour at ${figure(data.contour)}`} (raw; display only)`);

if (data.epochs.length) {
  const place = cell('div', '', 'chart'), loss = document.createElement('figure');
  loss.append(cell('figcaption', 'Training'), place);
  by('training').prepend(loss);
  charts.push({ draw: () => drawEpochs(place, data.epochs), move() {} });
}
for (const chart of charts) chart.draw();
update();
let drawnAt = document.documentElement.clientWidth;
new ResizeObserver(() => {
  if (drawnAt === document.documentElement.clientWidth) return;
  drawnAt = document.documentElement.clientWidth;
  for (const chart of charts) chart.draw();
  gallery.layout();
}).observe(document.documentElement);
