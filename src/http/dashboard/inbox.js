// The sandbox's inbox: the list of caught messages, and one message with its HTML, text, header and source.
import { $, announce, el, fullDate, getJson, request, size, time } from './dom.js';

const BASE = '/page/sandbox';
const PAGE = 50;
const MAX_LINKS = 500;
/** Good enough to show where links lead; the message itself is never made into elements of this page. */
const ANCHOR =
  /<(?:a|area)\s(?:[^>]{0,2000}?\s)?href\s{0,9}=\s{0,9}("[^"]{0,8000}"|'[^']{0,8000}'|[^\s>"']{1,8000})[^>]{0,2000}>([^]{0,2000}?)(?=<\/a>|<a[\s>]|$)/gi;
let messages = [];
let total = 0;
let wanted = PAGE;
let shown = '';
let seen; // ids of the last look, to tell what is new

/** Asks for the newest messages, as many as are shown, and shows them. */
export async function refresh() {
  const fresh = await getJson(`${BASE}?limit=${wanted}`);
  ({ messages, total } = fresh);
  const news = seen ? messages.filter(({ id }) => !seen.has(id)).length : 0;
  if (news > 0) announce(`${news} new message${news === 1 ? '' : 's'}.`);
  seen = new Set(messages.map(({ id }) => id));
  renderList();
}

export async function showOlder() {
  wanted += PAGE;
  seen = undefined;
  await refresh();
}

export async function clearAll() {
  await request(BASE, { method: 'DELETE' });
  messages = [];
  total = 0;
  location.hash = '#inbox';
  announce('All messages deleted.');
  renderList();
}

function renderList() {
  const focused = document.activeElement?.closest?.('#messages a')?.getAttribute('href');
  $('messages').replaceChildren(...messages.map(row));
  if (focused)
    [...$('messages').querySelectorAll('a')].find((a) => a.getAttribute('href') === focused)?.focus();
  $('more').hidden = messages.length >= total;
  $('clear').hidden = messages.length === 0;
  $('empty').hidden = messages.length > 0;
  $('inbox').classList.toggle('is-empty', messages.length === 0);
  $('count').hidden = messages.length === 0;
  $('count').textContent = String(total);
}

function row(entry) {
  const current = entry.id === shown ? 'true' : undefined;
  return el(
    'li',
    {},
    el(
      'a',
      { href: `#m/${entry.id}`, 'aria-current': current },
      el(
        'span',
        { class: 'row' },
        el('span', { class: 'from' }, entry.from || '<> (null sender)'),
        time(entry.at),
      ),
      el('span', { class: 'subject' }, entry.subject || '(no subject)'),
      el('span', { class: 'row quiet' }, el('span', { class: 'to' }, `to ${entry.to}`), size(entry.size)),
    ),
  );
}

/** Opens a message, or closes the open one when `id` is empty. */
export async function open(id) {
  shown = id;
  $('inbox').classList.toggle('is-reading', id !== '');
  for (const link of $('messages').querySelectorAll('a')) {
    if (link.getAttribute('href') === `#m/${id}`) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  const pane = $('message');
  if (id === '')
    return pane.replaceChildren(el('p', { class: 'placeholder' }, 'Choose a message to read it.'));
  pane.setAttribute('aria-busy', 'true');
  const content = await getJson(`${BASE}/${id}`).then(renderMessage, (error) => [
    backLink(),
    el('p', { class: 'notice bad', role: 'alert' }, error.message),
  ]);
  if (shown !== id) return undefined; // another one was opened meanwhile
  pane.replaceChildren(...content);
  pane.removeAttribute('aria-busy');
  return pane.querySelector('h2')?.focus({ preventScroll: true });
}

function backLink() {
  return el('a', { class: 'back', href: '#inbox' }, '← All messages');
}

function renderMessage(entry) {
  const { view } = entry;
  const head = el(
    'header',
    { class: 'message-head' },
    backLink(),
    el('h2', { tabindex: '-1' }, entry.subject || '(no subject)'),
    el(
      'dl',
      { class: 'pairs' },
      pair('From', view?.from || entry.from),
      pair('To', view?.to || entry.to),
      view?.cc ? pair('Cc', view.cc) : [],
      pair('Envelope', `${entry.from || '<>'} → ${entry.to}`),
      pair('Caught', fullDate(entry.at)),
    ),
    el(
      'div',
      { class: 'buttons' },
      el(
        'a',
        { class: 'button', href: `${BASE}/${entry.id}/raw`, download: `${entry.id}.eml` },
        `Download (${size(entry.size)})`,
      ),
      el('button', { type: 'button', class: 'danger', on: { click: () => void remove(entry.id) } }, 'Delete'),
    ),
  );
  const notice = entry.problem ? [el('p', { class: 'notice bad', role: 'alert' }, entry.problem)] : [];
  return [head, ...notice, ...attachments(entry), ...tabs(entry)];
}

function pair(name, value) {
  return [el('dt', {}, name), el('dd', {}, value)];
}

function attachments({ id, view }) {
  if (!view || view.attachments.length === 0) return [];
  const items = view.attachments.map(({ name, type, size: bytes }, n) =>
    el(
      'li',
      {},
      el('a', { href: `${BASE}/${id}/attachments/${n}`, download: name }, name),
      el('span', { class: 'quiet' }, ` ${type}, ${size(bytes)}`),
    ),
  );
  return [el('ul', { class: 'attachments', 'aria-label': 'Attachments' }, items)];
}

async function remove(id) {
  await request(`${BASE}/${id}`, { method: 'DELETE' });
  announce('Message deleted.');
  const at = messages.findIndex((entry) => entry.id === id);
  messages = messages.filter((entry) => entry.id !== id);
  total -= 1;
  const next = messages[Math.min(at, messages.length - 1)];
  location.hash = next ? `#m/${next.id}` : '#inbox';
  renderList();
}

/** Tabs by the usual pattern: arrow keys move, the panel of the chosen one is filled when it is first seen. */
function tabs(entry) {
  const { view } = entry;
  const kinds = [
    ...(view?.html ? [['HTML', () => htmlPanel(entry)]] : []),
    ...(view ? [['Text', () => textPanel(view)]] : []),
    ...(view ? [['Links', () => linksPanel(entry)]] : []),
    ...(view ? [['Headers', () => headersPanel(view)]] : []),
    ['Source', () => sourcePanel(entry)],
  ];
  const panel = el('div', { class: 'panel', role: 'tabpanel', id: 'panel', tabindex: '0' });
  const choose = (at, focus) => {
    buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', String(i === at));
      button.tabIndex = i === at ? 0 : -1;
    });
    if (focus) buttons[at].focus();
    panel.setAttribute('aria-labelledby', buttons[at].id);
    void Promise.resolve(kinds[at][1]()).then((content) => panel.replaceChildren(...content));
  };
  const buttons = kinds.map(([name], at) =>
    el(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${name.toLowerCase()}`,
        'aria-controls': 'panel',
        on: { click: () => choose(at) },
      },
      name,
    ),
  );
  const bar = el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Views of the message' }, buttons);
  bar.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const now = buttons.findIndex((button) => button.getAttribute('aria-selected') === 'true');
    if (step) choose((now + step + buttons.length) % buttons.length, true);
  });
  choose(view && !view.html && view.text === undefined ? kinds.length - 1 : 0);
  return [bar, panel];
}

function htmlPanel({ id, view }) {
  // Two locks: the frame may do nothing at all (sandbox=""), and its answer's policy loads and runs nothing.
  const frame = el('iframe', {
    sandbox: '',
    src: `${BASE}/${id}/html`,
    title: 'The message as HTML',
    referrerpolicy: 'no-referrer',
  });
  frame.setAttribute('sandbox', '');
  const note = view.remote
    ? [
        el(
          'p',
          { class: 'notice' },
          'Pictures and styles from other hosts are not loaded and scripts do not run here. Links open from “Links”.',
        ),
      ]
    : [];
  return [...note, frame];
}

function textPanel(view) {
  if (view.text === undefined) return [el('p', { class: 'placeholder' }, 'This message has no text part.')];
  const cut = view.cut
    ? [el('p', { class: 'notice' }, 'Only the beginning is shown; download the message for the rest.')]
    : [];
  return [...cut, el('pre', { class: 'text' }, view.text)];
}

/** Text of HTML without its references. As a value it can bring no element and no handler, whatever it holds. */
function unescaped(text) {
  const html = `<i title="${text.replaceAll('"', '&quot;')}"></i>`;
  return new DOMParser().parseFromString(html, 'text/html').querySelector('i').title;
}

/** Links open here and not in the frame: the reader sees where each really leads, and the frame may do nothing at all. */
async function linksPanel({ id, view }) {
  const html = view.html ? await (await request(`${BASE}/${id}/html`)).text() : '';
  const links = [...html.matchAll(ANCHOR)].map(([, address, inner]) => ({
    address: unescaped(address.replace(/^["']|["']$/g, '')).trim(),
    text: unescaped(inner.replace(/<[^>]*>/g, ' '))
      .trim()
      .replace(/\s+/g, ' '),
  }));
  for (const [address] of (view.text ?? '').matchAll(/https?:\/\/[^\s<>"]+/g))
    if (!links.some((link) => link.address === address)) links.push({ address, text: 'in the text' });
  if (links.length === 0) return [el('p', { class: 'placeholder' }, 'This message has no links.')];
  const items = links.slice(0, MAX_LINKS).map(({ address, text }) => {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const opens = url !== undefined && /^https?:$/.test(url.protocol);
    const shown = opens
      ? el('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer' }, url.href)
      : el('span', {}, address);
    return el('li', {}, shown, el('span', { class: 'quiet' }, text === '' ? '' : ` ${text.slice(0, 200)}`));
  });
  const more =
    links.length > MAX_LINKS
      ? [el('p', { class: 'notice' }, `The first ${MAX_LINKS} of ${links.length}.`)]
      : [];
  return [...more, el('ol', { class: 'links' }, items)];
}

function headersPanel(view) {
  const rows = view.headers.map(({ name, value }) =>
    el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, value)),
  );
  return [el('table', { class: 'headers' }, el('tbody', {}, rows))];
}

async function sourcePanel({ id }) {
  const response = await request(`${BASE}/${id}/source`);
  const total = Number(response.headers.get('x-total-bytes'));
  const bytes = await response.arrayBuffer();
  const note =
    bytes.byteLength < total
      ? [
          el(
            'p',
            { class: 'notice' },
            `The first ${size(bytes.byteLength)} of ${size(total)}; download the message for the rest.`,
          ),
        ]
      : [];
  return [...note, el('pre', { class: 'source' }, new TextDecoder().decode(bytes))];
}
