// The configuration file's entries in the store: the file wins, commands' entries stay, operators' switches stay.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { userSchema } from '../../../src/model/settings.ts';
import { openPassword } from '../../../src/store/via.ts';
import { syncFile, type Declared, type SyncDeps } from '../../../src/store/declared.ts';
import { openDomains } from '../../../src/store/domains.ts';
import { connectRedis } from '../../../src/store/redis.ts';
import { makeSealer } from '../../../src/store/seal.ts';
import { watchSettings } from '../../../src/store/settings.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let deps: SyncDeps;
let hashed: string[];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  const prefix = randomPrefix();
  const redis = connectRedis({ url: server.url, purpose: 'accept', prefix, log: silentLog });
  await redis.whenReady();
  const settings = await watchSettings({ redis, clock: systemClock, log: silentLog });
  const sealer = makeSealer(Buffer.alloc(32, 3));
  hashed = [];
  const hashPassword = async (password: string): Promise<string> => {
    hashed.push(password);
    return `hash of ${password}`;
  };
  deps = {
    redis,
    prefix,
    settings,
    sealer,
    domains: openDomains({ settings, sealer, clock: systemClock }),
    hashPassword,
    today: () => '2026-11-25',
  };
  return async () => {
    settings.close();
    await redis.close();
  };
});

const nothing: Declared = { users: [], domains: [], pools: [], transports: [] };
const file: Declared = {
  users: [{ name: 'shop', password: 'one' }],
  domains: [{ name: 'shop.example' }],
  pools: [{ name: 'spare' }],
  transports: [{ name: 'sand', kind: 'sandbox' }],
};

test('a second start with the same file writes and hashes nothing', async () => {
  await syncFile(file, deps);
  const first = deps.settings.current();
  expect(first?.users.get('shop')).toMatchObject({ passwordHash: 'hash of one', origin: 'file' });
  expect(first?.domains.get('shop.example')?.keys).toHaveLength(2);
  await syncFile(file, deps);
  expect(deps.settings.current()).toBe(first);
  expect(hashed).toEqual(['one']);
});

test('a new password is hashed, and one that is gone from the file is gone from the store', async () => {
  await syncFile(file, deps);
  await syncFile({ ...file, users: [{ name: 'shop', password: 'two' }] }, deps);
  expect(deps.settings.current()?.users.get('shop')?.passwordHash).toBe('hash of two');
  await syncFile({ ...file, users: [{ name: 'shop' }] }, deps);
  expect(deps.settings.current()?.users.get('shop')?.passwordHash).toBeUndefined();
});

test('the file overtakes a command’s entry of the same name, and leaves the others alone', async () => {
  const made = (name: string) => userSchema.parse({ v: 1, name, origin: 'command', domains: ['x.example'] });
  await deps.settings.users.add(made('shop'));
  await deps.settings.users.add(made('other'));
  await syncFile(file, deps);
  expect(deps.settings.current()?.users.get('shop')).toMatchObject({ origin: 'file', domains: [] });
  await syncFile(nothing, deps);
  expect([...(deps.settings.current()?.users.keys() ?? [])]).toEqual(['other']);
  expect(deps.settings.current()?.transports.size).toBe(0);
});

test('what operators paused or disabled stays so, and keys stay the same', async () => {
  await syncFile(file, deps);
  await deps.settings.transports.change('sand', (old) => ({ ...old, paused: true }), 'switch');
  await deps.settings.users.change('shop', (old) => ({ ...old, disabled: true }), 'switch');
  const keys = deps.settings.current()?.domains.get('shop.example')?.keys;
  await syncFile(file, deps);
  const now = deps.settings.current();
  expect([now?.transports.get('sand')?.paused, now?.users.get('shop')?.disabled]).toEqual([true, true]);
  expect(now?.domains.get('shop.example')?.keys).toEqual(keys);
  await syncFile({ ...file, transports: [{ name: 'sand', kind: 'sandbox', paused: false }] }, deps);
  expect(deps.settings.current()?.transports.get('sand')?.paused).toBe(false);
});

test('the tracking host and the brand of a domain come and go with the file; its keys stay', async () => {
  const brand = { name: 'Shop', logo: 'https://shop.example/logo.png' };
  const domains = [{ name: 'shop.example', trackingHost: 'click.shop.example', brand }];
  await syncFile({ ...file, domains }, deps);
  const first = deps.settings.current()?.domains.get('shop.example');
  expect(first).toMatchObject({ trackingHost: 'click.shop.example', brand });
  await syncFile({ ...file, domains }, deps);
  expect(deps.settings.current()?.domains.get('shop.example')).toBe(first);
  await syncFile(file, deps);
  const later = deps.settings.current()?.domains.get('shop.example');
  expect(later).not.toHaveProperty('trackingHost');
  expect(later?.keys).toEqual(first?.keys);
});

test('the password of an upstream relay is sealed, and sealed anew only when it changes', async () => {
  const via = { host: 'smtp.example.net', port: 587, tls: 'required', verify: true, username: 'me' } as const;
  const declared = (password: string): Declared => {
    const up = { name: 'up', address: '192.0.2.5', via: { ...via, password } };
    return { ...nothing, transports: [up] };
  };
  const stored = () => deps.settings.current()?.transports.get('up')?.via;
  await syncFile(declared('upstream-one'), deps);
  const first = stored();
  expect(first).toMatchObject({ host: 'smtp.example.net', username: 'me' });
  expect(JSON.stringify(first)).not.toContain('upstream-one');
  expect(first && openPassword('up', first, deps.sealer)).toBe('upstream-one');
  const revision = deps.settings.current()?.revision;
  await syncFile(declared('upstream-one'), deps);
  expect(deps.settings.current()?.revision).toBe(revision);
  await syncFile(declared('upstream-two'), deps);
  const next = stored();
  expect(next && openPassword('up', next, deps.sealer)).toBe('upstream-two');
  // Under another name, or with another master key, it opens nothing.
  expect(next && openPassword('down', next, deps.sealer)).toBeUndefined();
  expect(next && openPassword('up', next, makeSealer(Buffer.alloc(32, 4)))).toBeUndefined();
});

test('a new address warms up from its first start on, and goes on at the next ones', async () => {
  const at = (day: string, transport: Declared['transports'][number]) =>
    syncFile({ ...nothing, transports: [transport] }, { ...deps, today: () => day });
  const ip = { name: 'ip', address: '192.0.2.6' };
  const stored = () => deps.settings.current()?.transports.get('ip');
  await at('2026-11-25', ip);
  expect(stored()?.warmup).toEqual({ since: '2026-11-25' });
  const revision = deps.settings.current()?.revision;
  await at('2026-12-01', ip);
  expect(stored()?.warmup).toEqual({ since: '2026-11-25' });
  expect(deps.settings.current()?.revision).toBe(revision);
  await at('2026-12-01', { ...ip, warmup: { day: 10 } });
  expect(stored()?.warmup).toEqual({ since: '2026-11-22', day: 10 });
  await at('2026-12-05', { ...ip, warmup: { day: 10 } });
  expect(stored()?.warmup).toEqual({ since: '2026-11-22', day: 10 });
  await at('2026-12-05', { ...ip, warm: true });
  expect(stored()).toMatchObject({ warm: true });
  expect(stored()?.warmup).toBeUndefined();
  await deps.settings.transports.change('ip', (old) => ({ ...old, draining: true }), 'switch');
  await at('2026-12-06', { ...ip, warm: true });
  expect(stored()?.draining).toBe(true);
});
