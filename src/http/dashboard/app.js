// The page at "/": which view is shown, and a fresh look at everything every few seconds.
import { renderConnect } from './connect.js';
import { $, announce, el, getJson, request, snippet, useToken } from './dom.js';
import { clearAll, open, refresh, showOlder } from './inbox.js';

const REFRESH_MS = 4000;
let connected = '';

/** The address's part after "#" says what is shown, so that back, forward and reload work. */
function route() {
  const [view = '', id = ''] = location.hash.slice(1).split('/');
  const connect = view === 'connect';
  $('inbox').hidden = connect;
  $('connect').hidden = !connect;
  $('nav-inbox').toggleAttribute('aria-current', !connect);
  $('nav-connect').toggleAttribute('aria-current', connect);
  document.title = connect ? 'Connect – Postino' : 'Sandbox – Postino';
  if (!connect) void open(view === 'm' ? decodeURIComponent(id) : '');
}

async function update() {
  try {
    const { connect, queue, token } = await getJson('/page/overview');
    useToken(token);
    $('queue').textContent = sayQueue(queue);
    const now = JSON.stringify(connect);
    if (now !== connected) {
      connected = now;
      renderConnect($('connect'), connect);
      renderEmpty(connect);
    }
    await refresh();
    $('trouble').hidden = true;
  } catch (error) {
    $('trouble').textContent = `Postino does not answer (${error.message}). Trying again.`;
    $('trouble').hidden = false;
  }
}

function sayQueue(queue) {
  const sum = (kind) => queue.reduce((total, one) => total + one[kind], 0);
  const [waiting, sending, paused] = ['waiting', 'sending', 'paused'].map(sum);
  if (waiting + sending + paused === 0) return 'Queue empty';
  const parts = [
    waiting > 0 && `${waiting} waiting`,
    sending > 0 && `${sending} sending`,
    paused > 0 && `${paused} paused`,
  ];
  return `Queue: ${parts.filter(Boolean).join(', ')}`;
}

function renderEmpty({ host, listeners, users, sandboxed }) {
  const listener = listeners.find(({ tls }) => tls === 'starttls') ?? listeners[0];
  const tls = { none: '', starttls: ' --tls', implicit: ' --tls-on-connect' }[listener?.tls] ?? '';
  const user = users[0];
  $('empty').replaceChildren(
    el('h2', {}, 'No mail yet'),
    el(
      'p',
      {},
      sandboxed
        ? 'What you send to Postino shows up here; nothing leaves this host.'
        : 'Mail that goes out by the sandbox transport shows up here.',
    ),
    ...(listener && user
      ? [
          snippet(
            'Send one now',
            `swaks --server ${host}:${listener.port}${tls} --auth-user '${user.name}' \\\n  --from '${user.from}' --to someone@example.com`,
          ),
        ]
      : []),
    el('p', {}, el('a', { href: '#connect' }, 'All ways to connect')),
  );
}

async function logOut() {
  await request('/logout', { method: 'POST' });
  location.assign('/login');
}

const failed = (error) => announce(error.message);
$('logout').addEventListener('click', () => void logOut().catch(failed));
$('more').addEventListener('click', () => void showOlder().catch(failed));
$('clear').addEventListener('click', () => $('confirm').showModal());
$('confirm').addEventListener('close', () => {
  if ($('confirm').returnValue === 'yes') void clearAll().catch(failed);
  $('confirm').returnValue = '';
});
addEventListener('hashchange', route);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void update();
});

route();
await update();
setInterval(() => {
  if (!document.hidden) void update();
}, REFRESH_MS);
