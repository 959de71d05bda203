// What the sandbox answers: the list of caught messages, and one of them as it was read.

export const BASE = '/page/sandbox';

export type CaughtEntry = Readonly<{
  id: string;
  at: number;
  from: string;
  to: string;
  subject: string;
  size: number;
  user: string;
}>;

export type CaughtList = Readonly<{ total: number; messages: readonly CaughtEntry[] }>;

export type CaughtView = Readonly<{
  headers: readonly Readonly<{ name: string; value: string }>[];
  subject: string;
  from: string;
  to: string;
  cc: string;
  text?: string;
  /** Whether it has HTML, and whether that names things on other hosts. */
  html: boolean;
  remote: boolean;
  /** Something was left out because it is too long. */
  cut: boolean;
  attachments: readonly Readonly<{ name: string; type: string; size: number }>[];
}>;

export type Caught = CaughtEntry & Readonly<{ view?: CaughtView; problem?: string }>;

/** How to reach the relay, for places that say how to send a first message. */
export type Overview = Readonly<{
  connect: Readonly<{
    host: string;
    listeners: readonly Readonly<{ port: number; tls: 'none' | 'starttls' | 'implicit' }>[];
    users: readonly Readonly<{ name: string; from: string }>[];
    passwords: string;
    /** All mail is caught and none is sent. */
    sandboxed: boolean;
  }>;
}>;

/** A command that sends a first message; undefined while there is nobody to send as. */
export function tryCommand({ connect }: Overview): string | undefined {
  const { host, listeners, users } = connect;
  const listener = listeners.find(({ tls }) => tls === 'starttls') ?? listeners[0];
  const user = users[0];
  if (!listener || !user) return undefined;
  const tls = { none: '', starttls: ' --tls', implicit: ' --tls-on-connect' }[listener.tls];
  return `swaks --server ${host}:${listener.port}${tls} --auth-user '${user.name}' \\\n  --from '${user.from}' --to someone@example.com`;
}
