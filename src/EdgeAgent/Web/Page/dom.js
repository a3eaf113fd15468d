/** An element with properties and children. Texts are set as text: an id may hold anything, HTML too. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export const byId = id => document.getElementById(id);

/** Sets a text only when it differs, so that a screen reader and a selection are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const number = value => typeof value === 'number' ? value.toPrecision(4) : '–';

export const time = text => new Date(text).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const dateTime = text => new Date(text).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });

/** The response; an Error in words for people otherwise. */
export async function answer(request) {
  const response = await request.catch(() => { throw new Error('The agent does not answer.'); });
  if (response.ok) return response;
  throw new Error((await response.json().catch(() => ({}))).error ?? `The agent answers ${response.status}.`);
}

/** Changes something; the header shows that no other site sent it. */
export const send = async (path, body) => (await answer(fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Edge-Request': '1' }, body: JSON.stringify(body) }))).json();

export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== '' && value !== null && value !== undefined));
  return (await answer(fetch(query.size ? `${path}?${query}` : path))).json();
}
