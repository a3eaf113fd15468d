import { answer, say } from './dom.js';

/** A picture of the archive in a place, and its heatmap instead when somebody wants it: by the button, by touching the picture, or by a key. */
export function picturePlace(image, button, news) {
  let path = null, label = '', wanted = false, turn = 0;

  async function draw() {
    const mine = ++turn;
    button.setAttribute('aria-pressed', wanted);
    image.src = path;
    image.alt = label;
    say(news, wanted ? 'The heatmap is being computed …' : '');
    if (!wanted) return;
    try {
      await (await answer(fetch(`${path}/heatmap`))).blob();   // an image would not say why there is none; now the browser has it
      if (mine !== turn) return;
      image.src = `${path}/heatmap`;
      image.alt = `${label}, with heatmap`;
      say(news, 'Computed again from this picture by the version that decided, with the recorded score.');
    } catch (error) {
      if (mine === turn) say(news, `No heatmap: ${error.message}`);
    }
  }

  const toggle = () => { if (path) { wanted = !wanted; draw(); } };
  button.addEventListener('click', toggle);
  image.addEventListener('click', toggle);
  return { toggle, show: (entry, text) => { [path, label] = [`/api/pictures/${entry}`, text]; draw(); } };
}
