// Usage: node report.js chromium report.html [folder for screenshots]. Uses a report as people do, at a desk and on a phone, and prints what it
// showed as one JSON document.
const { chromium } = require('playwright-core');
const axe = require('fs').readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const path = require('path');

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const [program, file, screenshots] = process.argv.slice(2);

/** What the page says, as text; nothing is taken from its script. */
const read = page => page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const text = id => document.getElementById(id).textContent;
  done({
    threshold: document.getElementById('threshold').value,
    falseRejects: Number(text('falseRejects')), falseRejectRate: text('falseRejectRate'), misses: Number(text('misses')), missRate: text('missRate'),
    matrix: [...document.querySelectorAll('#confusion td')].map(cell => Number(cell.firstChild.textContent)),
    rejected: Object.fromEntries([...document.querySelectorAll('#defects tbody tr')].map(row => [row.querySelector('button').textContent, Number(row.children[2].textContent)])),
    figures: Object.fromEntries([...document.querySelectorAll('#figures div')].map(pair => [pair.firstChild.textContent, pair.lastChild.textContent])),
    roc: document.querySelector('#roc svg')?.getAttribute('aria-label'), pr: document.querySelector('#pr svg')?.getAttribute('aria-label'),
    training: document.querySelector('#training svg')?.getAttribute('aria-label'),
    slider: document.querySelector('[role=slider]').getAttribute('aria-valuetext'),
    shown: text('shown'), tiles: [...document.querySelectorAll('.tile button')].map(button => button.getAttribute('aria-label')),
    elements: document.querySelectorAll('*').length, focused: document.activeElement?.getAttribute('aria-label'),
  });
}))));

/** Texts and controls that cover each other, and everything that sticks out of the page sideways. */
const faults = page => page.evaluate(() => {
  const found = [], bar = document.getElementById('bar');
  const boxes = [...document.querySelectorAll('h1,h2,header p,nav a,button,select,input,label,.tally p,.tally small,td,th,figcaption,.note,.figures div,svg text,svg .grip')]
    .filter(e => !bar.contains(e) && !e.closest('.tile') && e.checkVisibility() && e.textContent + e.tagName !== 'TD').map(e => [e, e.getBoundingClientRect()]);
  const name = e => `${e.tagName} '${e.textContent.trim().slice(0, 40)}'`;
  boxes.forEach(([a, p], i) => {
    if (p.left < -0.5 || p.right > document.documentElement.clientWidth + 0.5) found.push(`${name(a)} sticks out`);
    for (const [b, q] of boxes.slice(i + 1)) {
      const across = Math.min(p.right, q.right) - Math.max(p.left, q.left), down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (across > 1 && down > 1 && !a.contains(b) && !b.contains(a)) found.push(`${name(a)} covers ${name(b)}`);
    }
  });
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('the page scrolls sideways');
  return found;
});

(async () => {
  const browser = await chromium.launch({ executablePath: program, args: flags });
  const result = { errors: [], faults: [], accessibility: [] };
  async function open(width, height, touch) {
    const context = await browser.newContext({ viewport: { width, height }, hasTouch: touch });
    const page = await context.newPage();
    page.on('console', message => { if (message.type() !== 'log') result.errors.push(message.text()); });
    page.on('pageerror', error => result.errors.push(error.message));
    page.on('request', request => { if (!/^(file|data):/.test(request.url())) result.errors.push(`asked for ${request.url()}`); });
    await page.goto('file://' + path.resolve(file));
    for (const fault of await faults(page)) result.faults.push(`${width}×${height}: ${fault}`);
    await page.evaluate(axe + ';0');
    for (const v of (await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))).violations) result.accessibility.push(`${v.impact}: ${width}×${height}: ${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | ')}`);
    if (screenshots) {
      await page.screenshot({ path: path.join(screenshots, `${width}.png`) });
      for (const id of ['curves', 'byDefect', 'modelSection', 'pictures']) {
        await page.evaluate(id => document.getElementById(id).scrollIntoView(), id);
        await read(page);
        await page.screenshot({ path: path.join(screenshots, `${width}-${id}.png`) });
      }
      await page.evaluate(() => scrollTo(0, 0));
    }
    return page;
  }

  const desk = await open(1280, 800, false);
  result.title = await desk.title();
  result.start = await read(desk);
  result.timing = await desk.evaluate(() => ({ firstPaint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime, read: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd }));

  const chart = await desk.locator('#histogram svg').boundingBox(), y = chart.y + 12, grip = await desk.locator('.grip').boundingBox();
  await desk.mouse.move(grip.x + grip.width / 2, y);
  await desk.mouse.down();
  result.drags = [];
  for (const part of [0.3, 0.55, 0.8]) {
    await desk.mouse.move(chart.x + part * chart.width, y, { steps: 3 });
    result.drags.push(await read(desk));
  }
  await desk.mouse.up();
  await desk.mouse.move(chart.x + 0.1 * chart.width, y);
  result.afterDrag = await read(desk);

  result.keys = [];
  for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'PageUp', 'End']) {
    await desk.locator('[role=slider]').press(key);
    result.keys.push(await read(desk));
  }
  await desk.locator('#threshold').fill(result.drags[1].threshold);
  result.typed = await read(desk);
  await desk.locator('#reset').press('Enter');
  result.reset = await read(desk);

  result.kinds = {};
  for (const kind of ['falseReject', 'miss', 'wrong']) {
    await desk.locator(`[data-kind=${kind}]`).click();
    result.kinds[kind] = await read(desk);
  }
  await desk.locator('[data-kind=all]').click();
  await desk.locator('#order').selectOption('high');
  result.highest = await read(desk);
  await desk.locator('#defects button').last().click();
  result.folder = await read(desk);
  await desk.locator('#folder').selectOption('-1');

  await desk.locator('.tile button[tabindex="0"]').focus();
  for (const key of ['ArrowRight', 'ArrowDown', 'Enter']) await desk.keyboard.press(key);
  result.keyboardTile = await read(desk);
  const heat = desk.locator('.tile button[aria-pressed=true] .heat');
  await heat.evaluate(image => image.decode());
  result.heatmap = await heat.evaluate(image => ({ width: image.naturalWidth, visible: image.checkVisibility(), under: image.previousElementSibling.naturalWidth }));
  await desk.keyboard.press('End');
  result.lastTile = await read(desk);

  const phone = await open(390, 844, true);
  const small = await phone.locator('#histogram svg').boundingBox();
  await phone.touchscreen.tap(small.x + 0.5 * small.width, small.y + small.height / 2);
  result.tapped = await read(phone);
  await phone.locator('.tile button').first().tap();
  result.tappedHeat = await phone.locator('.tile button[aria-pressed=true] .heat').isVisible();
  console.log(JSON.stringify(result));
  await browser.close();
})().catch(error => { console.error(error); process.exit(1); });
