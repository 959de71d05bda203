// A real front door on free loopback ports, with what lies behind it (store, settings) standing at its border.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAccept, type Accept, type AcceptDeps } from '../../src/accept/accept.ts';
import { smtpConfig } from '../../src/accept/config.ts';
import { hashPassword } from '../../src/accept/password.ts';
import type { SubmitRequest } from '../../src/accept/take.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { userSchema, type Settings, type User } from '../../src/model/settings.ts';

export const listeners = {
  starttls: { tls: 'starttls' },
  plain: { tls: 'none' },
  implicit: { tls: 'implicit' },
  required: { tls: 'starttls', requireTls: true },
  hidden: { tls: 'starttls', hideStarttls: true },
  proxied: { tls: 'starttls', proxyProtocol: ['127.0.0.50'] },
  proxiedPlain: { tls: 'none', proxyProtocol: ['127.0.0.50'] },
  insecure: { tls: 'none', proxyProtocol: ['127.0.0.50'], allowInsecureAuth: true },
} as const;

export type ListenerName = keyof typeof listeners;

export type FrontDoor = Readonly<{
  port(name: ListenerName): number;
  /** What was handed in, in order. */
  taken: SubmitRequest[];
  accept: Accept;
  /** Changes one user for everything that comes. */
  setUser(name: string, change: Partial<User>): void;
  close(): Promise<void>;
}>;

/** One folder per test process, since making a certificate takes a while. */
const certificateFolder = mkdtempSync(join(tmpdir(), 'postino-certificates-'));
process.on('exit', () => rmSync(certificateFolder, { recursive: true, force: true }));
const passwordHash = hashPassword('secret');

export function user(fields: Readonly<{ name: string }> & Readonly<Record<string, unknown>>): User {
  return userSchema.parse({ v: 1, origin: 'file', ...fields });
}

/** Settings with these users, in one revision. */
export function settingsOf(users: readonly User[], suppressing: readonly string[] = []): Settings {
  return {
    revision: 1,
    users: new Map(users.map((one) => [one.name, one])),
    domains: new Map(),
    pools: new Map(),
    transports: new Map(),
    templates: new Map(),
    suppressing: new Set(suppressing),
  };
}

export async function openFrontDoor(
  options: Readonly<{ config?: object; deps?: Partial<AcceptDeps>; names?: readonly ListenerName[] }> = {},
): Promise<FrontDoor> {
  const names = options.names ?? (Object.keys(listeners) as ListenerName[]);
  const taken: SubmitRequest[] = [];
  let settings = settingsOf(await exampleUsers(), ['careful']);
  const accept = makeAccept({
    config: smtpConfig.parse({
      listeners: names.map((name) => ({ port: 0, host: '127.0.0.1', ...listeners[name] })),
      ...options.config,
    }),
    hostname: 'relay.example.net',
    certificateFolder,
    clock: systemClock,
    log: silentLog,
    settings: () => settings,
    submit: async (request) => {
      taken.push(request);
      return { kind: 'queued', id: request.submission.id };
    },
    reserve: async () => ({ kind: 'now' }),
    openSpill: async () => Promise.reject(new Error('no disk in this test')),
    isSuppressed: async (_account, address) => address === 'gone@example.org',
    ...options.deps,
  });
  const open = await accept.start();
  const ports = new Map(names.map((name, i) => [name, open[i]?.port ?? 0]));
  return {
    port: (name) => ports.get(name) ?? 0,
    taken,
    accept,
    setUser: (name, change) => {
      const users = [...settings.users.values()];
      settings = settingsOf(
        users.map((one) => (one.name === name ? { ...one, ...change } : one)),
        [...settings.suppressing],
      );
    },
    close: () => accept.stop(0),
  };
}

async function exampleUsers(): Promise<readonly User[]> {
  const hash = await passwordHash;
  return [
    user({
      name: 'shop',
      passwordHash: hash,
      domains: ['shop.example', '*.shop.example'],
      senders: ['me@other.example'],
      pools: ['bulk'],
      maxPriority: 2,
    }),
    user({ name: 'careful', account: 'careful', passwordHash: hash, domains: ['careful.example'] }),
    user({ name: 'contact', passwordHash: hash, domains: ['site.example'], unauthorisedFrom: 'rewrite' }),
    user({
      name: 'small',
      passwordHash: hash,
      domains: ['small.example'],
      limits: { recipientsPerMessage: 2, messageBytes: 2000 },
    }),
    user({ name: 'gone', passwordHash: hash, domains: ['gone.example'], disabled: true }),
    user({ name: 'scanner', networks: ['127.0.0.64/28', '198.51.100.0/24'], domains: ['office.example'] }),
    user({ name: 'exchange', networks: ['127.0.0.81'], domains: ['corp.example'], trustedSmartHost: true }),
  ];
}
