// Usage: node page.js chromium address token [folder for screenshots]. Uses the operator page as people do, at a desk and on a phone, with mouse,
// touch and keyboard; looks for accessibility trouble (axe-core); prints what it saw as one JSON document.
const { chromium } = require('playwright-core');
const axe = require('fs').readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const path = require('path');

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const [program, address, token, screenshots] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({ executablePath: program, args: flags });
  const result = { errors: [], accessibility: [], faults: [] };

  async function open(name, width, height, touch, scheme) {
    // Only the checker gets around the page's policy; what it does is not counted as the page's errors.
    const context = await browser.newContext({ viewport: { width, height }, hasTouch: touch, isMobile: touch, colorScheme: scheme });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    page.on('console', message => { if (message.type() === 'error' && !/\b404\b/.test(message.text())) result.errors.push(`${name}: ${message.text()}`); });
    page.on('pageerror', error => result.errors.push(`${name}: ${error.message}`));
    page.on('request', request => { if (!request.url().startsWith(address)) result.errors.push(`asked for ${request.url()}`); });
    await page.goto(address);
    page.called = name;
    return page;
  }

  /** One of the four pages, when it has something to show. */
  async function turnTo(page, hash, ready) {
    await page.locator(`nav a[href="#${hash}"]`).click();
    await page.locator(ready).first().waitFor();
    await page.waitForFunction(() => [...document.images].filter(i => i.checkVisibility() && i.getAttribute('src') && i.getBoundingClientRect().top < innerHeight).every(i => i.complete));
  }

  async function look(page, what) {
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (sideways > 0) result.faults.push(`${page.called} ${what}: scrolls ${sideways} pixels sideways`);
    const small = await page.evaluate(() => [...document.querySelectorAll('button, select, input, nav a, summary')].filter(e => e.checkVisibility() && e.type !== 'checkbox')
      .map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.height < 38 || r.width < 38).map(([e, r]) => `${e.tagName} '${e.textContent.slice(0, 20)}' ${Math.round(r.width)}×${Math.round(r.height)}`));
    for (const target of small) result.faults.push(`${page.called} ${what}: too small to touch: ${target}`);
    await page.evaluate(axe + ';0');
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    for (const v of violations) result.accessibility.push(`${v.impact}: ${page.called} ${what}: ${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | ')}`);
    if (screenshots) await page.screenshot({ path: path.join(screenshots, `${page.called}-${what}.png`), fullPage: what !== 'live' });
  }

  const places = { live: '#verdicts li', history: '#parts li', reviewing: '#case', models: '#whatIfPlot rect' };
  const text = (page, id) => page.locator(`#${id}`).textContent();

  /** The heatmap in the picture's place, in the picture's proportions; what the page says of it. */
  async function heatmap(page, image, toggle) {
    const aspect = async (there) => {
      await page.waitForFunction(([id, ending]) => { const i = document.getElementById(id); return new URL(i.src).pathname.endsWith('/heatmap') === ending && i.complete && i.naturalWidth > 0; }, [image, there]);
      return page.evaluate(id => document.getElementById(id).naturalWidth / document.getElementById(id).naturalHeight, image);
    };
    const picture = await aspect(false);
    await toggle();
    const drawn = await aspect(true);
    if (Math.abs(picture / drawn - 1) > 0.02) result.faults.push(`${page.called} ${image}: the heatmap is ${drawn} wide, the picture ${picture}`);
    await page.waitForFunction(id => /recorded score/.test(document.getElementById(id).textContent), image.replace('Picture', 'HeatmapNews'));
  }

  const desk = await open('desk', 1366, 768, false, 'light');
  for (const [hash, ready] of Object.entries(places)) {
    await turnTo(desk, hash, ready);
    if (hash === 'live') {
      await desk.waitForFunction(() => [...document.querySelectorAll('#stations img')].some(i => i.naturalWidth > 0 && i.checkVisibility()));
      const [station] = await (await fetch(`${address}/api/stations`)).json(), box = await desk.locator('#stations img').first().boundingBox();
      result.aspect = { frame: station.pictureWidth / station.pictureHeight, shown: box.width / box.height };
    }
    await look(desk, hash);
  }

  // To read only, until somebody logs in.
  await turnTo(desk, 'reviewing', '#case');
  result.mayNot = await text(desk, 'mayNot');
  result.disabled = await desk.locator('#judge button:disabled').count();
  await desk.locator('#login').click();
  await desk.locator('#token').fill('wrong-wrong-wrong');
  await desk.keyboard.press('Enter');
  await desk.locator('#loginTrouble:not(:empty)').waitFor();
  result.wrongToken = await text(desk, 'loginTrouble');
  await look(desk, 'login');
  await desk.locator('#token').fill(token);
  await desk.keyboard.press('Enter');
  await desk.locator('#logout').waitFor();
  result.who = await text(desk, 'who');
  result.secrets = await desk.evaluate(secret => document.documentElement.outerHTML.includes(secret) || location.href.includes(secret) || document.cookie !== '' || localStorage.length + sessionStorage.length > 0, token);

  await heatmap(desk, 'casePicture', () => desk.keyboard.press('h'));
  await look(desk, 'review-heatmap');
  await desk.keyboard.press('h');
  await desk.waitForFunction(() => !document.getElementById('casePicture').src.endsWith('/heatmap'));

  // With the keyboard alone: two judged, one taken back.
  const news = async () => { await desk.waitForFunction(before => { const now = document.getElementById('reviewNews').textContent; return now && now !== before; }, news.before ?? ''); return news.before = await text(desk, 'reviewNews'); };
  const first = await text(desk, 'caseFacts');
  await desk.keyboard.press('2');
  result.keyed = [await news()];
  await desk.waitForFunction(before => document.getElementById('caseFacts').textContent !== before, first);
  await desk.keyboard.press('1');
  result.keyed.push(await news());
  await desk.keyboard.press('u');
  result.keyed.push(await news());
  await desk.keyboard.press('k');
  await desk.keyboard.press('j');
  await desk.locator('#judge input[name=defect]').fill('Burr');
  await desk.locator('#judge input[name=note]').fill('<img src=x onerror=alert(1)>');
  await desk.locator('#judge button[value=anomalous]').click();
  result.keyed.push(await news());
  await look(desk, 'reviewed');
  await turnTo(desk, 'history', '#parts li');
  await desk.locator('#parts button').first().click();
  await heatmap(desk, 'partPicture', () => desk.locator('#partHeatmap').click());
  await look(desk, 'history-heatmap');
  await desk.keyboard.press('Escape');

  // The threshold that is tried changes nothing.
  await turnTo(desk, 'models', '#whatIfPlot rect');
  await desk.locator('#whatIf').press('Home');
  result.whatIf = { all: await text(desk, 'whatIfTable'), how: await text(desk, 'whatIfHow') };
  await desk.locator('#whatIf').press('End');
  result.whatIf.none = await text(desk, 'whatIfTable');
  await look(desk, 'what-if');

  // A version watches, and then runs; each time the page asks why.
  const asked = () => desk.locator('#whyDialog[open]').waitFor();
  const shadow = desk.locator('.version button', { hasText: 'Shadow' }).first();
  await shadow.press('Enter');
  await asked();
  await look(desk, 'why');
  await desk.keyboard.press('Escape');
  result.escaped = await desk.evaluate(() => document.activeElement.textContent) + await text(desk, 'modelNews');
  await shadow.press('Enter');
  await asked();
  await desk.keyboard.type('looked at');
  await desk.keyboard.press('Enter');
  await desk.locator('.shadow').waitFor();
  for (let seen = false; !seen;) {
    await turnTo(desk, 'live', '#verdicts li');
    await turnTo(desk, 'models', '.shadow');
    seen = /parts seen by both/.test(await desk.locator('.shadow').textContent());
  }
  result.shadow = await desk.locator('.shadow').textContent();
  await look(desk, 'shadow');
  await desk.locator('.version button', { hasText: 'Activate' }).first().click();
  await asked();
  await desk.locator('#why').fill('tried on the page');
  await desk.locator('#whyForm button').first().click();
  await desk.waitForFunction(() => /version 2 runs/.test(document.getElementById('modelNews').textContent));

  const phone = await open('phone', 390, 844, true, 'dark');
  for (const [hash, ready] of Object.entries(places)) {
    await turnTo(phone, hash, ready);
    await look(phone, hash);
    if (hash === 'reviewing') {
      await heatmap(phone, 'casePicture', () => phone.locator('#caseHeatmap').tap());
      await look(phone, 'review-heatmap');
    }
  }
  await phone.locator('#login').tap();
  await phone.locator('#token').fill(token);
  await phone.locator('#loginForm button').first().tap();
  await phone.locator('.change:enabled').first().tap();
  await phone.locator('#whyDialog[open]').waitFor();
  await look(phone, 'why');
  await phone.locator('#whyForm [type=button]').tap();
  await phone.locator('#whyDialog:not([open])').waitFor({ state: 'attached' });
  // More tabs than a browser has connections to one host; nobody looks at the others.
  const tabs = await browser.newContext();
  await tabs.addInitScript(() => {
    let hidden = false;
    Object.defineProperty(document, 'hidden', { get: () => hidden });
    window.hide = is => { hidden = is; document.dispatchEvent(new Event('visibilitychange')); };
  });
  const opened = [];
  for (let n = 0; n < 7; n++) {
    const tab = await tabs.newPage();
    tab.setDefaultTimeout(20000);
    await tab.goto(address);
    await tab.locator('#verdicts li').first().waitFor();
    await tab.evaluate(() => hide(true));
    opened.push(tab);
  }
  await opened[0].evaluate(() => { document.getElementById('verdicts').replaceChildren(); hide(false); });
  await opened[0].locator('#verdicts li').first().waitFor();
  result.lookedAway = await text(opened[0], 'dropped');
  console.log(JSON.stringify(result));
  await browser.close();
})().catch(error => { console.error(error); process.exit(1); });
