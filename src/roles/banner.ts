// What `postino start` prints when it is up: how to reach it, and a command to try. Pure.
import type { Config } from '../config.ts';

export type Facts = Readonly<{
  config: Config;
  listeners: readonly Readonly<{
    port: number;
    host: string | undefined;
    tls: 'none' | 'starttls' | 'implicit';
  }>[];
  http: Readonly<{ host: string; port: number }> | undefined;
  /** Port of links, pixels and the unsubscribe page. */
  tracking: Readonly<{ port: number }> | undefined;
  /** Ports for mail to ourselves. */
  feedback: readonly number[];
  users: readonly string[];
  /** The kinds of all transports. */
  transports: readonly ('smtp' | 'sandbox')[];
  /** The file with the generated passwords, and what it holds. */
  firstRun: Readonly<{ file: string; text: string }> | undefined;
}>;

const TLS_WORDS = { none: 'no TLS', starttls: 'STARTTLS', implicit: 'TLS' } as const;

export function banner(facts: Facts): string {
  const { config, listeners, http, tracking, feedback, users, transports, firstRun } = facts;
  const ports = listeners.map(({ port, tls }) => `${port} (${TLS_WORDS[tls]})`).join(', ');
  const lines = [
    '',
    `  Postino is up on ${config.hostname}.`,
    '',
    ...(ports === '' ? [] : [`  SMTP       ${ports}`]),
    ...(http
      ? [`  Page       http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}/`]
      : []),
    ...(tracking ? [`  Links      ${config.tracking.url}, served on port ${tracking.port}`] : []),
    ...(feedback.length > 0
      ? [`  Feedback   ${feedback.join(', ')}, mail to ${config.feedback?.domain}`]
      : []),
    ...(users.length > 0
      ? [`  Users      ${users.slice(0, 5).join(', ')}${users.length > 5 ? ' …' : ''}`]
      : []),
    ...(firstRun === undefined ? [] : [`  Passwords  ${firstRun.file}`]),
    ...sayWayOut(transports),
    ...tryOut(listeners, users, firstRun),
    '',
  ];
  return lines.join('\n');
}

function sayWayOut(transports: Facts['transports']): string[] {
  if (transports.length === 0)
    return ['  Mail       is taken and waits: there is no transport yet ("postino transport add").'];
  return transports.every((kind) => kind === 'sandbox')
    ? ['  Mail       is caught by the sandbox and shown on the page; nothing is sent.']
    : [];
}

/** One command to paste, for a user whose password we made. curl speaks SMTP and is on most machines. */
function tryOut(
  listeners: Facts['listeners'],
  users: readonly string[],
  firstRun: Facts['firstRun'],
): string[] {
  const plain = listeners.find(({ tls }) => tls !== 'implicit');
  const user = users.find((name) => firstRun?.text.includes(`SMTP user "${name}": `));
  if (!plain || user === undefined || !firstRun) return [];
  const password = `$(sed -n 's/^SMTP user "${user}": //p' '${firstRun.file}' | tail -1)`;
  const message =
    'From: me@example.com\\r\\nTo: you@example.org\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n';
  return [
    '',
    '  Try it (or without curl: npm run postino -- send you@example.org):',
    '',
    `  printf '${message}' | \\`,
    `    curl -sS --url smtp://127.0.0.1:${plain.port} --user "${user}:${password}" \\`,
    '    --mail-from me@example.com --mail-rcpt you@example.org -T -',
  ];
}
