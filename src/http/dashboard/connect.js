// How to connect: what to type into a shop, a plug-in or a shell.
import { el, snippet } from './dom.js';

const tlsWords = { none: 'none', starttls: 'STARTTLS', implicit: 'TLS from the start (SMTPS)' };
const formWords = { none: 'None', starttls: 'TLS (STARTTLS)', implicit: 'SSL' };

export function renderConnect(section, info) {
  const listener = info.listeners.find(({ tls }) => tls === 'starttls') ?? info.listeners[0];
  const user = info.users[0];
  section.replaceChildren(
    el('h1', {}, 'Connect'),
    el(
      'p',
      { class: 'lead' },
      info.sandboxed
        ? 'Point your shop, site or program here. All mail is caught and shown in the sandbox; none is sent.'
        : 'Point your shop, site or program here.',
    ),
    el('div', { class: 'columns' }, servers(info), users(info)),
    ...(listener && user ? settings(info, listener, user) : []),
    ...(listener && user ? commands(info, listener, user) : []),
  );
}

function servers({ host, listeners }) {
  const rows = listeners.map(({ port, tls }) => [host, String(port), tlsWords[tls] ?? tls]);
  return el('div', { class: 'card' }, el('h2', {}, 'Server'), table(['Host', 'Port', 'Encryption'], rows));
}

function users({ users: all, passwords }) {
  const rows = all.map(({ name, from }) => [name, from]);
  const known = rows.length > 0;
  return el(
    'div',
    { class: 'card' },
    el('h2', {}, 'Users'),
    known
      ? table(['User name', 'May send from'], rows)
      : el('p', {}, 'No user yet: "postino user add" makes one.'),
    known ? el('p', { class: 'quiet' }, `The passwords are ${passwords}.`) : undefined,
  );
}

function settings({ host, passwords }, { port, tls }, { name, from }) {
  const rows = [
    ['Mailer', 'Other SMTP'],
    ['SMTP host', host],
    ['Encryption', formWords[tls] ?? tls],
    ['SMTP port', String(port)],
    ['Authentication', 'On'],
    ['User name', name],
    ['Password', passwords],
    ['From e-mail', from],
  ];
  return [
    el('h2', {}, 'WordPress, Joomla, a shop'),
    el('p', {}, 'Any SMTP plug-in has these fields, by these names or similar ones.'),
    el('div', { class: 'card' }, pairs(rows)),
  ];
}

function commands({ host }, { port, tls }, { name, from }) {
  const swaksTls = { none: '', starttls: ' --tls', implicit: ' --tls-on-connect' }[tls] ?? '';
  const scheme = tls === 'implicit' ? 'smtps' : 'smtp';
  const curlTls = tls === 'none' ? '' : ' --ssl-reqd --insecure';
  const to = 'someone@example.com';
  return [
    el('h2', {}, 'Try it from a shell'),
    snippet(
      'swaks',
      `swaks --server ${host}:${port}${swaksTls} --auth-user '${name}' \\\n  --from '${from}' --to ${to} --header 'Subject: Hello from Postino'`,
    ),
    snippet(
      'curl',
      `printf 'From: ${from}\\nTo: ${to}\\nSubject: Hello\\n\\nIt works.\\n' | \\\n  curl --url ${scheme}://${host}:${port}${curlTls} --user '${name}' \\\n  --mail-from '${from}' --mail-rcpt ${to} --upload-file -`,
    ),
    el(
      'p',
      { class: 'quiet' },
      'Both ask for the password. The certificate is not checked here: a self-signed one will do for a try.',
    ),
  ];
}

function table(heads, rows) {
  return el(
    'table',
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        heads.map((head) => el('th', { scope: 'col' }, head)),
      ),
    ),
    el(
      'tbody',
      {},
      rows.map((row) =>
        el(
          'tr',
          {},
          row.map((cell) => el('td', {}, cell)),
        ),
      ),
    ),
  );
}

function pairs(rows) {
  return el(
    'dl',
    { class: 'pairs' },
    rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
  );
}
