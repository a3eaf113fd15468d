import { refreshAccess } from './access.js';
import { byId, say } from './dom.js';
import { addDropped, addPause, addVerdict, showStations } from './live.js';
import { nameStations, showHistory } from './history.js';
import { showModels } from './models.js';
import { nameQueueStations, showReviewing } from './reviewing.js';

const pages = { live: () => {}, history: showHistory, reviewing: showReviewing, models: showModels };

function show() {
  const name = location.hash.slice(1) in pages ? location.hash.slice(1) : 'live';
  for (const page of Object.keys(pages)) byId(page).hidden = page !== name;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  pages[name]();
}

let events = null;

/** The browser connects again by itself, unless the agent has answered with an error: then after a while by us. */
function follow() {
  if (events !== null || document.hidden) return;
  const mine = events = new EventSource('/api/verdicts');
  events.addEventListener('open', () => { say(byId('connection'), 'Connected'); byId('connection').className = ''; });
  events.addEventListener('error', () => {
    say(byId('connection'), 'No connection to the agent: what you see is old');
    byId('connection').className = 'lost';
    if (mine.readyState !== EventSource.CLOSED || mine !== events) return;
    events = null;
    setTimeout(follow, 3000);
  });
  events.addEventListener('stations', event => {
    const stations = JSON.parse(event.data);
    showStations(stations);
    nameStations(stations);
    nameQueueStations(stations);
  });
  events.addEventListener('verdict', event => addVerdict(JSON.parse(event.data)));
  events.addEventListener('dropped', event => addDropped(JSON.parse(event.data)));
}

// A browser has six connections to one host for all its tabs: one that nobody looks at gives its own back.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) return follow();
  events?.close();
  if (events !== null) addPause();
  events = null;
});
addEventListener('hashchange', show);
refreshAccess();
show();
follow();
