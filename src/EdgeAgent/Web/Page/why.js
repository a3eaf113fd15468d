import { byId, say } from './dom.js';

let settle = null;

/** Asks for the reason of a change; null when it is not to be made. The keyboard comes back to where it was. */
export function askWhy(change) {
  settle?.(null);
  say(byId('whyTitle'), `${change}?`);
  byId('why').value = '';
  byId('whyDialog').showModal();
  return new Promise(resolve => { settle = resolve; });
}

function end(reason) {
  const told = settle;
  settle = null;
  byId('whyDialog').close();
  told?.(reason);
}

byId('whyForm').addEventListener('submit', event => { event.preventDefault(); end(byId('why').value.trim()); });
byId('whyForm').querySelector('[type=button]').addEventListener('click', () => end(null));
byId('whyDialog').addEventListener('close', () => end(null));   // Escape
