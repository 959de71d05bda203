// What comes of binding a listener: where it listens, or why it cannot, in one sentence. Pure.
import { reasonOf } from '../lib/reason.ts';

export type Listening =
  | Readonly<{ ok: true; host: string; port: number }>
  | Readonly<{ ok: false; problem: string }>;

/** Why `section` of the configuration cannot listen, and what to do. */
export function explainListen(
  section: 'http' | 'tracking',
  error: unknown,
  { host, port }: Readonly<{ host?: string | undefined; port: number }>,
): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `${section}: cannot listen on ${host ?? 'all addresses'}, port ${port}`;
  if (code === 'EADDRINUSE')
    return `${where}: another program uses it. Stop that one, or choose another port under "${section}" in the configuration.`;
  if (code === 'EACCES')
    return `${where}: ports below 1024 need a privilege. Choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE.`;
  if (code === 'EADDRNOTAVAIL')
    return `${where}: this host does not have that address. Correct "host" under "${section}" in the configuration.`;
  return `${where}: ${reasonOf(error)}.`;
}
