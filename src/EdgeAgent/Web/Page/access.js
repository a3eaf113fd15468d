import { ask, byId, send, say } from './dom.js';

/** Who may change things here: { name, login }. Told to all who want to know. */
let access = { name: null, login: 'none' };
const told = [];

export const mayChange = () => access.name !== null;
export const whenAccessChanges = tell => { told.push(tell); tell(); };

function show() {
  say(byId('who'), access.name ?? '');
  byId('login').hidden = access.name !== null || access.login === 'proxy';
  byId('logout').hidden = access.name === null || access.login === 'proxy';
  for (const tell of told) tell();
}

/** Why nothing can be changed, for people. */
export const whyNot = () => access.name !== null ? ''
  : access.login === 'none' ? 'To read only: no token file is configured (Edge:Http:TokenFile).'
    : access.login === 'proxy' ? 'To read only: the proxy has not named you.' : 'To read only until you log in.';

export async function refreshAccess() {
  access = await ask('/api/access').catch(() => access);
  show();
}

byId('login').addEventListener('click', () => {
  say(byId('loginTrouble'), access.login === 'none' ? 'No token file is configured here (Edge:Http:TokenFile): nobody can log in.' : '');
  byId('loginDialog').showModal();
});
byId('logout').addEventListener('click', async () => { access = await send('/api/logout', {}).catch(() => access); show(); });
byId('loginDialog').querySelector('[type=button]').addEventListener('click', () => byId('loginDialog').close());
byId('loginForm').addEventListener('submit', async event => {
  event.preventDefault();
  try {
    access = await send('/api/login', { token: byId('token').value });
    byId('loginDialog').close();
    show();
  } catch (error) {
    say(byId('loginTrouble'), error.message);
  }
  byId('token').value = '';
});
