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
  users: readonly string[];
  sandboxed: boolean;
  firstRun: string | undefined;
}>;

const TLS_WORDS = { none: 'no TLS', starttls: 'STARTTLS', implicit: 'TLS' } as const;

export function banner({ config, listeners, http, users, sandboxed, firstRun }: Facts): string {
  const ports = listeners.map(({ port, tls }) => `${port} (${TLS_WORDS[tls]})`).join(', ');
  const lines = [
    '',
    `  Postino is up on ${config.hostname}.`,
    '',
    ...(ports === '' ? [] : [`  SMTP       ${ports}`]),
    ...(http
      ? [`  Page       http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${http.port}/`]
      : []),
    ...(users.length > 0
      ? [`  Users      ${users.slice(0, 5).join(', ')}${users.length > 5 ? ' …' : ''}`]
      : []),
    ...(firstRun === undefined ? [] : [`  Passwords  ${firstRun}`]),
    ...(sandboxed ? ['  Mail       is caught by the sandbox and shown on the page; nothing is sent.'] : []),
    ...tryOut(listeners, users, firstRun),
    '',
  ];
  return lines.join('\n');
}

/** One command to paste; curl is on nearly every machine. */
function tryOut(
  listeners: Facts['listeners'],
  users: readonly string[],
  firstRun: string | undefined,
): string[] {
  const plain = listeners.find(({ tls }) => tls !== 'implicit');
  const [user] = users;
  if (!plain || user === undefined || firstRun === undefined) return [];
  const password = `$(sed -n 's/^SMTP user "${user}": //p' ${firstRun})`;
  return [
    '',
    '  Try it:',
    '',
    `  printf 'From: me@example.com\\r\\nTo: you@example.org\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n' | curl -sS --url smtp://127.0.0.1:${plain.port} \\`,
    `    --user "${user}:${password}" --mail-from me@example.com --mail-rcpt you@example.org -T -`,
  ];
}
