// Small tools for the page: elements made without HTML strings, requests, times and sizes in words.

/** Makes an element. Text always becomes text nodes: nothing that a message contains is ever read as HTML. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on')
      for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return element;
}

export const $ = (id) => document.getElementById(id);

let token = '';
export function useToken(value) {
  token = value;
}

/** A request to our own server. Goes to the log-in page when the session has ended. */
export async function request(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { 'x-csrf-token': token } });
  if (response.status === 401) {
    location.assign('/login');
    return new Promise(() => {}); // the page is about to change
  }
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail ?? response.statusText);
  return response;
}

export async function getJson(path) {
  return (await request(path)).json();
}

export function announce(sentence) {
  $('announcer').textContent = sentence;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const clockTime = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const dayTime = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/** A moment as people say it, with the full date for those who ask. */
export function time(at) {
  const ago = Date.now() - at;
  let text = dayTime.format(at);
  if (ago < 60_000) text = 'now';
  else if (ago < 3_600_000) text = relative.format(-Math.round(ago / 60_000), 'minute');
  else if (ago < 43_200_000) text = clockTime.format(at);
  return el('time', { datetime: new Date(at).toISOString(), title: fullTime.format(at) }, text);
}

export function fullDate(at) {
  return el('time', { datetime: new Date(at).toISOString() }, fullTime.format(at));
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A command in a box, with a button that copies it. */
export function snippet(label, text) {
  const copy = el('button', { type: 'button', class: 'copy', 'aria-label': `Copy: ${label}` }, 'Copy');
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text).catch(() => select(code));
    copy.textContent = 'Copied';
    announce('Copied.');
    setTimeout(() => (copy.textContent = 'Copy'), 2000);
  });
  const code = el('code', {}, text);
  return el(
    'figure',
    { class: 'snippet' },
    el('figcaption', {}, label, copy),
    el('pre', { tabindex: '0' }, code),
  );
}

function select(element) {
  getSelection().selectAllChildren(element);
}
