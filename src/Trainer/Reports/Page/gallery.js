// Every picture, of which only those near the screen exist as elements. Pictures come in blocks after this script, as the file is read.

class Gallery {
  constructor(state, data) {
    Object.assign(this, { state, data, tiles: new Map(), blocks: new Map(), order: [], active: 0, kept: new Set() });
    this.grid = document.getElementById('grid');
    this.columns = 1;
    addEventListener('scroll', () => this.soon(), { passive: true });
    document.addEventListener('DOMContentLoaded', () => { this.clear(); this.soon(); });
    this.grid.addEventListener('keydown', event => this.key(event));
  }

  /** JPEGs of a picture and its heatmap in base64; null while the file is still being read. */
  jpegs(i) {
    const number = Math.floor(i / this.data.block);
    let block = this.blocks.get(number);
    if (!block) {
      const source = document.getElementById(`pictures-${number}`);
      if (!source || (document.readyState === 'loading' && !source.nextElementSibling)) return null;
      block = JSON.parse(source.textContent);
      if (this.blocks.size >= 24) this.blocks.delete(this.blocks.keys().next().value);
      this.blocks.set(number, block);
    }
    return block[i % this.data.block];
  }

  /** Shows these pictures in this order; what is on the screen stays as it is where it can. */
  show(order) {
    this.order = order;
    this.active = Math.min(this.active, Math.max(0, order.length - 1));
    this.layout();
  }

  layout() {
    const width = this.grid.clientWidth;
    this.columns = Math.max(2, Math.floor(width / 150));
    this.tileWidth = width / this.columns;
    this.tileHeight = 182;
    this.grid.style.height = `${Math.ceil(this.order.length / this.columns) * this.tileHeight}px`;
    this.clear();
    this.render();
  }

  clear() {
    this.focused = this.grid.contains(document.activeElement);
    this.grid.replaceChildren();
    this.tiles.clear();
  }

  soon() { this.pending ??= requestAnimationFrame(() => { this.pending = null; this.render(); }); }

  render() {
    const top = -this.grid.getBoundingClientRect().top, margin = innerHeight / 2;
    const first = Math.max(0, Math.floor((top - margin) / this.tileHeight)) * this.columns;
    const last = Math.min(this.order.length, (Math.floor((top + innerHeight + margin) / this.tileHeight) + 1) * this.columns);
    for (const [at, tile] of this.tiles) if ((at < first || at >= last) && at !== this.active) { tile.remove(); this.tiles.delete(at); }
    for (let at = first; at < last; at++) if (!this.tiles.has(at)) this.add(at);
    if (this.order.length && !this.tiles.has(this.active)) this.add(this.active);   // the tab stop always exists
    if (this.focused) { this.focused = false; this.focus(); }
  }

  add(at) {
    const i = this.order[at], { data, state } = this, verdict = state.verdictOf(i), tile = document.createElement('div'), button = document.createElement('button');
    tile.className = verdict.wrong ? 'tile error' : 'tile';
    tile.setAttribute('role', 'listitem');
    tile.setAttribute('aria-setsize', this.order.length);
    tile.setAttribute('aria-posinset', at + 1);
    Object.assign(tile.style, { width: `${this.tileWidth}px`, height: `${this.tileHeight}px`, left: `${at % this.columns * this.tileWidth}px`, top: `${Math.floor(at / this.columns) * this.tileHeight}px` });
    button.type = 'button';
    button.tabIndex = at === this.active ? 0 : -1;
    button.title = data.files[i];
    button.setAttribute('aria-label', `${data.files[i]}, ${data.labels[data.label[i]]}, score ${figure(data.scores[i])}, ${verdict.words}`);
    button.setAttribute('aria-pressed', this.kept.has(i));
    const frame = document.createElement('span'), mark = document.createElement('strong'), score = document.createElement('span'), name = document.createElement('span');
    frame.className = 'frame';
    mark.textContent = verdict.mark;
    score.className = name.className = 'line';
    score.textContent = `${figure(data.scores[i])} · ${data.labels[data.label[i]]}`;
    name.textContent = data.files[i].slice(data.files[i].lastIndexOf('/') + 1);
    button.append(frame, mark, score, name);
    const jpegs = this.jpegs(i);
    if (jpegs) {
      frame.append(this.image(jpegs[0], 'thumb'));
      const heat = () => { if (!frame.querySelector('.heat')) frame.append(this.image(jpegs[1], 'heat')); };
      for (const event of ['pointerenter', 'focus']) button.addEventListener(event, heat);
      if (this.kept.has(i) || this.grid.classList.contains('all')) heat();
      button.addEventListener('click', () => {
        heat();
        this.kept.has(i) ? this.kept.delete(i) : this.kept.add(i);
        button.setAttribute('aria-pressed', this.kept.has(i));
        this.activate(at);
      });
    }
    tile.append(button);
    this.grid.append(tile);
    this.tiles.set(at, tile);
  }

  image(base64, kind) {
    const image = new Image();
    image.className = kind;
    image.alt = '';
    image.decoding = 'async';
    image.src = `data:image/jpeg;base64,${base64}`;
    return image;
  }

  activate(at) {
    const before = this.tiles.get(this.active)?.firstChild;
    if (before) before.tabIndex = -1;
    this.active = at;
    const now = this.tiles.get(at)?.firstChild;
    if (now) now.tabIndex = 0;
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.activate(Math.min(this.order.length - 1, Math.max(0, this.active + step)));
    const row = Math.floor(this.active / this.columns) * this.tileHeight + this.grid.getBoundingClientRect().top, bar = document.getElementById('bar').offsetHeight;
    if (row < bar) scrollBy(0, row - bar - 8);
    else if (row + this.tileHeight > innerHeight) scrollBy(0, row + this.tileHeight - innerHeight + 8);
    this.render();
    this.focus();
  }

  focus() {
    const button = this.tiles.get(this.active)?.firstChild;
    if (!button) return;
    button.tabIndex = 0;
    button.focus({ preventScroll: true });
  }
}
