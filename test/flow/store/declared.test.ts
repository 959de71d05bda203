// The configuration file's entries in the store: the file wins, commands' entries stay, operators' switches stay.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { userSchema } from '../../../src/model/settings.ts';
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
