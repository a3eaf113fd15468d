const data = JSON.parse(document.getElementById('data').textContent);
const by = id => document.getElementById(id);
const ascending = (a, b) => a - b;

const state = {
  threshold: data.threshold,
  folders: data.labels.map((name, label) => ({ name, normal: name === data.normalLabel, scores: data.scores.filter((_, i) => data.label[i] === label).sort(ascending) })),
  normal: [], anomalous: [],

  /** Scores in [reviewFrom, threshold) go to review; below the band's start there is none. */
  get reviewFrom() { return data.reviewFrom; },
  splitOf(sorted) { return verdicts(sorted, this.threshold, data.reviewFrom); },

  verdictOf(i) {
    const score = data.scores[i], normal = this.folders[data.label[i]].normal;
    if (score >= this.threshold) return normal ? { wrong: true, kind: 'falseReject', mark: '✗ false reject', words: 'normal but rejected: false reject' } : { kind: 'right', mark: '✓ rejected', words: 'anomalous and rejected' };
    if (data.reviewFrom !== null && score >= data.reviewFrom) return { kind: 'review', mark: '? to review', words: `${normal ? 'normal' : 'anomalous'}, sent to review` };
    return normal ? { kind: 'right', mark: '✓ accepted', words: 'normal and accepted' } : { wrong: true, kind: 'miss', mark: '✗ missed', words: 'anomalous but accepted: missed' };
  },

  words() {
    const normal = this.splitOf(this.normal), anomalous = this.splitOf(this.anomalous);
    return `threshold ${figure(this.threshold)}: ${normal.reject} false rejects of ${normal.all}, ${anomalous.accept} misses of ${anomalous.all}`;
  },

  set(threshold) {
    if (!Number.isFinite(threshold) || threshold === this.threshold) return;
    this.threshold = threshold;
    changed();
  },

  /** Moves by scores at which a count changes; past the highest, everything is accepted. */
  step(count) {
    const at = countBelow(stops, this.threshold), on = stops[at] === this.threshold;
    const to = count > 0 ? at + count - (on ? 0 : 1) : at + count;
    this.set(stops[Math.min(stops.length - 1, Math.max(0, to))]);
  },
};

for (const folder of state.folders) (folder.normal ? state.normal : state.anomalous).push(...folder.scores);
state.normal.sort(ascending);
state.anomalous.sort(ascending);
for (const folder of state.folders) folder.auroc = folder.normal ? null : auroc(state.normal, folder.scores);
const N = state.normal.length, A = state.anomalous.length, both = N > 0 && A > 0;
const points = operatingPoints(state.normal, state.anomalous);
const lowest = Math.min(data.threshold, points[points.length - 1].threshold), highest = Math.max(data.threshold, points[1].threshold), span = Math.max(highest - lowest, Math.abs(highest) * 1e-3, 1e-6);
const aboveAll = highest + 0.02 * span, stops = [...points.slice(1).map(p => p.threshold).reverse(), aboveAll];
// The axis shows what can be decided: defects far above everything else are counted at its end.
const upper = Math.max(data.threshold, state.normal[N - 1] ?? highest), shownTo = Math.min(highest, upper + 2.5 * (upper - lowest));
state.low = lowest - 0.03 * span * (shownTo - lowest) / (highest - lowest || 1);
state.high = shownTo + (shownTo - state.low || span) * 0.03;

const presets = {
  package: () => data.threshold,
  f1: () => !both ? undefined : points.slice(1).reduce((best, p) => { const f1 = p.tp / (p.tp + (p.fp + state.anomalous.length - p.tp) / 2); return f1 > best.f1 ? { f1, threshold: p.threshold } : best; }, { f1: -1 }).threshold,
  noMiss: () => state.anomalous[0],
  noFalseReject: () => N === 0 ? undefined : stops[countBelow(stops, state.normal[state.normal.length - 1]) + 1],
};

const histogram = new Histogram(by('histogram'), state);
const chosenRates = () => { const fp = N - countBelow(state.normal, state.threshold), tp = A - countBelow(state.anomalous, state.threshold); return { fp, tp }; };
const roc = new Curve(by('roc'), {
  name: 'ROC curve', across: 'false reject rate', points: both ? points.map(p => [p.fp / N, p.tp / A]) : [], chance: () => [0, 1],
  chosen: () => { const { fp, tp } = chosenRates(); return [fp / N, tp / A]; }, words: p => `${percent(p[1])} found, ${percent(p[0])} overkill` });
const pr = new Curve(by('pr'), {
  name: 'Precision-recall curve', across: 'recall (anomalous rejected)', points: both ? points.slice(1).map(p => [p.tp / A, p.tp / (p.tp + p.fp)]) : [], chance: () => [A / (N + A), A / (N + A)],
  chosen: () => { const { fp, tp } = chosenRates(); return tp + fp ? [tp / A, tp / (tp + fp)] : null; }, words: p => `precision ${percent(p[1])}, recall ${percent(p[0])}` });
const charts = both ? [histogram, roc, pr] : [histogram];

const gallery = new Gallery(state, data);
let kind = 'all', folderChosen = -1, pending = null, spoken = null;

function changed() {
  pending ??= requestAnimationFrame(() => { pending = null; update(); });
}

function update() {
  for (const chart of charts) chart.move();
  const normal = state.splitOf(state.normal), anomalous = state.splitOf(state.anomalous), input = by('threshold');
  if (document.activeElement !== input) input.value = state.threshold;   // every digit: the last one may decide a tie
  fillConfusion(by('confusion'), normal, anomalous, data.reviewFrom !== null);
  const bound = (k, n) => n ? `${percent(k / n)}; below ${percent(upperBound(k, n))} with 95 % confidence` : 'no such pictures';
  by('falseRejects').textContent = normal.reject;
  by('falseRejectsOf').textContent = `false rejects of ${normal.all}${normal.review ? `, ${normal.review} more to review` : ''}`;
  by('missesOf').textContent = `misses of ${anomalous.all}${anomalous.review ? `, ${anomalous.review} more to review` : ''}`;
  by('falseRejectRate').textContent = bound(normal.reject, normal.all);
  by('misses').textContent = anomalous.accept;
  by('missRate').textContent = bound(anomalous.accept, anomalous.all);
  fillDefects(by('defects'), state, folderChosen, showFolder);
  fillGallery();
  clearTimeout(spoken);
  spoken = setTimeout(() => { by('spoken').textContent = state.words(); }, 600);   // not at every pixel of a drag
}

function fillGallery() {
  const all = data.scores.map((_, i) => ({ i, ...state.verdictOf(i), score: data.scores[i], off: Math.abs(data.scores[i] - state.threshold) }));
  const counts = { all: all.length, wrong: 0, falseReject: 0, miss: 0, review: 0 };
  for (const p of all) { if (p.wrong) counts.wrong++; if (p.kind in counts) counts[p.kind]++; }
  for (const button of by('kinds').children) button.textContent = `${button.dataset.name} (${counts[button.dataset.kind]})`;
  const order = {
    errors: (a, b) => (b.wrong ?? false) - (a.wrong ?? false) || (a.wrong ? b.off - a.off : a.off - b.off),
    high: (a, b) => b.score - a.score, low: (a, b) => a.score - b.score, near: (a, b) => a.off - b.off,
    file: (a, b) => data.files[a.i] < data.files[b.i] ? -1 : 1,
  }[by('order').value];
  const shown = all.filter(p => (kind === 'all' || (kind === 'wrong' ? p.wrong : p.kind === kind)) && (folderChosen < 0 || data.label[p.i] === folderChosen)).sort((a, b) => order(a, b) || a.i - b.i);
  by('shown').textContent = shown.length ? `${shown.length} of ${all.length} pictures. Point at one, or tap it, to see its heatmap.` : 'No picture is like that at this threshold.';
  gallery.show(shown.map(p => p.i));
}

function choose() {
  folderChosen = Number(by('folder').value);
  for (const button of by('kinds').children) button.setAttribute('aria-pressed', button.dataset.kind === kind);
  gallery.active = 0;
  fillDefects(by('defects'), state, folderChosen, showFolder);
  fillGallery();
}

function showFolder(label) {
  by('folder').value = label;
  choose();
  by('pictures').scrollIntoView();
  by('pictures').focus({ preventScroll: true });
}
