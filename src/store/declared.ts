// What the configuration file declares goes into the store at start; there the file wins, and only it may change that.
import { hashIn } from '../lib/answers.ts';
import {
  domainSchema,
  poolSchema,
  transportSchema,
  userSchema,
  type Domain,
  type Settings,
  type Transport,
} from '../model/settings.ts';
import type { Day } from '../lib/day.ts';
import type { Redis } from '../lib/script.ts';
import type { Domains } from './domains.ts';
import { storeKeys } from './keys.ts';
import type { Sealer } from './seal.ts';
import type { SettingsStore } from './settings.ts';
import { sealVia, type PlainVia } from './via.ts';
import { warmupFor, type Said } from './warmup-since.ts';

/** Entries as the file writes them: without version, origin and hash. */
export type Declared = Readonly<{
  users: readonly Readonly<{ name: string; password?: string | undefined }>[];
  domains: readonly Readonly<{
    name: string;
    account?: string | undefined;
    trackingHost?: string | undefined;
    returnPath?: string | undefined;
    pool?: string | undefined;
    brand?: Domain['brand'];
  }>[];
  pools: readonly Readonly<{ name: string }>[];
  transports: readonly DeclaredTransport[];
}>;

type DeclaredTransport = Said &
  Readonly<{
    name: string;
    kind?: 'smtp' | 'sandbox';
    timeZone?: string | undefined;
    paused?: boolean | undefined;
    draining?: boolean | undefined;
    via?: PlainVia | undefined;
  }>;

export type SyncDeps = Readonly<{
  redis: Redis;
  prefix: string;
  settings: SettingsStore;
  domains: Domains;
  sealer: Sealer;
  hashPassword(password: string): Promise<string>;
  /** Today in a time zone; undefined: that of the configuration. */
  today(zone: string | undefined): Day;
}>;

/**
 * Writes the file's entries with origin "file", takes over entries of the same name that commands made, and removes
 * those of origin "file" that the file names no more. What operators switched (disabled, paused, draining) stays switched,
 * DKIM keys and the beginnings of warm-ups stay. Writes nothing when nothing has changed. Rejects with RedisTrouble.
 */
export async function syncFile(declared: Declared, deps: SyncDeps): Promise<void> {
  const { settings } = deps;
  const before = await settings.refresh();
  const common = { v: 1, origin: 'file' } as const;
  for (const pool of declared.pools) await settings.pools.declare(poolSchema.parse({ ...pool, ...common }));
  for (const transport of declared.transports)
    await settings.transports.declare(transportOf(transport, before.transports.get(transport.name), deps));
  for (const domain of declared.domains) {
    const keys = before.domains.get(domain.name)?.keys ?? [];
    await settings.domains.declare(domainSchema.parse({ ...domain, ...common, keys }));
    if (keys.length === 0) await deps.domains.giveKeys(domain.name);
  }
  await declareUsers(declared.users, before, deps);
  await withdraw(declared, before, settings);
}

function transportOf(declared: DeclaredTransport, old: Transport | undefined, deps: SyncDeps): Transport {
  const { via, warm, warmup, ...plain } = declared;
  const entry = transportSchema.parse({
    ...plain,
    v: 1,
    origin: 'file',
    paused: declared.paused ?? old?.paused ?? false,
    draining: declared.draining ?? old?.draining ?? false,
    ...(via && { via: sealVia(declared.name, via, old?.via, deps.sealer) }),
  });
  return { ...entry, ...warmupFor(entry, old, { warm, warmup }, deps.today(declared.timeZone)) };
}

async function declareUsers(users: Declared['users'], before: Settings, deps: SyncDeps): Promise<void> {
  const prints = await readFingerprints(deps);
  for (const { password, ...user } of users) {
    const old = before.users.get(user.name);
    const secret = await hashed(password, { print: prints.get(user.name), hash: old?.passwordHash }, deps);
    const switched = { disabled: old?.disabled ?? false };
    const entry = userSchema.parse({ ...switched, ...user, ...secret.fields, v: 1, origin: 'file' });
    await deps.settings.users.declare(entry, secret.print);
  }
}

/** Hashing takes 20 ms a password on purpose: only one that has changed since the last start is hashed again. */
async function hashed(
  password: string | undefined,
  old: Readonly<{ print: string | undefined; hash: string | undefined }>,
  deps: SyncDeps,
): Promise<Readonly<{ fields: Readonly<{ passwordHash?: string }>; print?: string }>> {
  if (password === undefined) return old.print === undefined ? { fields: {} } : { fields: {}, print: '' };
  const print = deps.sealer.fingerprint(password);
  if (print === old.print && old.hash !== undefined) return { fields: { passwordHash: old.hash } };
  return { fields: { passwordHash: await deps.hashPassword(password) }, print };
}

async function readFingerprints({ redis, prefix }: SyncDeps): Promise<ReadonlyMap<string, string>> {
  return hashIn(await redis.call('HGETALL', storeKeys(prefix).declared));
}

async function withdraw(declared: Declared, before: Settings, settings: SettingsStore): Promise<void> {
  for (const kind of ['users', 'domains', 'transports', 'pools'] as const) {
    const names = new Set(declared[kind].map(({ name }) => name));
    for (const [name, entry] of before[kind])
      if (entry.origin === 'file' && !names.has(name)) await settings[kind].withdraw(name);
  }
}
