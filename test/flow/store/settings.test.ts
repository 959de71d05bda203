// Settings in Redis: changes reach every process, commands leave the configuration file's entries alone.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { userSchema, transportSchema, type User } from '../../../src/model/settings.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { watchSettings, type SettingsStore } from '../../../src/store/settings.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let prefix: string;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(() => {
  prefix = randomPrefix();
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function connect(to = server): Promise<RedisConnection> {
  const redis = connectRedis({ url: to.url, purpose: 'accept', prefix, log: silentLog });
  open.push(redis);
  await redis.whenReady();
  return redis;
}

async function store(to = server, clock = systemClock): Promise<SettingsStore> {
  const settings = await watchSettings({ redis: await connect(to), clock, log: silentLog });
  open.push(settings);
  return settings;
}

const user = (name: string, more: Partial<User> = {}): User =>
  userSchema.parse({ v: 1, name, origin: 'command', ...more });

test('an empty store is loaded at once, at revision 0', async () => {
  const settings = await store();
  expect(settings.current()).toMatchObject({ revision: 0, users: new Map() });
});

test('a change is seen in the same process at once and in others soon after', async () => {
  const here = await store();
  const there = await store();
  expect(await here.users.add(user('shop'))).toMatchObject({ ok: true });
  expect(here.current()?.users.get('shop')?.pool).toBe('default');
  await expect.poll(() => there.current()?.users.has('shop'), { timeout: 1000 }).toBe(true);
  expect(there.current()?.revision).toBe(1);
});

test('a change that the channel did not carry is found by asking', async () => {
  const settings = await store();
  const redis = await connect();
  await redis.call('HSET', `${prefix}users`, 'quiet', JSON.stringify(user('quiet')));
  await redis.call('INCR', `${prefix}revision`);
  await expect.poll(() => settings.current()?.users.has('quiet'), { timeout: 4000 }).toBe(true);
});

test('unchanged entries stay the same objects when others change', async () => {
  const settings = await store();
  await settings.users.add(user('a'));
  const before = settings.current()?.users.get('a');
  await settings.users.add(user('b'));
  expect(settings.current()?.users.get('a')).toBe(before);
});

test('an entry of a version that we do not know is left out and kept', async () => {
  const redis = await connect();
  await redis.call('HSET', `${prefix}users`, 'future', '{"v":9,"name":"future"}');
  const settings = await store();
  expect(settings.current()?.users.has('future')).toBe(false);
  await settings.users.add(user('shop'));
  expect(await redis.call('HGET', `${prefix}users`, 'future')).toBe('{"v":9,"name":"future"}');
});

describe('rules', () => {
  test('a name is given once', async () => {
    const settings = await store();
    await settings.users.add(user('shop'));
    expect(await settings.users.add(user('shop'))).toMatchObject({
      ok: false,
      problem: expect.stringContaining('already a user called shop'),
    });
  });

  test('what is not there cannot be changed or removed', async () => {
    const settings = await store();
    const problem = expect.stringContaining('no user called nobody');
    expect(await settings.users.change('nobody', (entry) => entry)).toMatchObject({ ok: false, problem });
    expect(await settings.users.remove('nobody')).toMatchObject({ ok: false, problem });
  });

  test('what the configuration file declares cannot be changed by a command, but paused', async () => {
    const settings = await store();
    const entry = transportSchema.parse({ v: 1, name: 'ip1', address: '192.0.2.1', origin: 'file' });
    await settings.transports.declare(entry);
    const problem = expect.stringContaining('declared in the configuration file');
    expect(await settings.transports.change('ip1', (old) => ({ ...old, pool: 'x' }))).toMatchObject({
      ok: false,
      problem,
    });
    expect(await settings.transports.remove('ip1')).toMatchObject({ ok: false, problem });
    expect(
      await settings.transports.change('ip1', (old) => ({ ...old, paused: true }), 'switch'),
    ).toMatchObject({ ok: true });
    expect(settings.current()?.transports.get('ip1')?.paused).toBe(true);
  });

  test('two changes of one entry at the same time are both kept', async () => {
    const settings = await store();
    await settings.users.add(user('shop'));
    await Promise.all([
      settings.users.change('shop', (old) => ({ ...old, domains: [...old.domains, 'a.example'] })),
      settings.users.change('shop', (old) => ({ ...old, domains: [...old.domains, 'b.example'] })),
    ]);
    expect([...(settings.current()?.users.get('shop')?.domains ?? [])].sort()).toEqual([
      'a.example',
      'b.example',
    ]);
  });

  test('a value outside the schema is refused with its path', async () => {
    const settings = await store();
    expect(await settings.users.add({ ...user('shop'), pool: 'No Good' })).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/^pool: /),
    });
  });
});

test('settings are not current while Redis is away for long, and are again when it is back', async () => {
  const own = await startRedis();
  let now = 0;
  const clock = { ...systemClock, ticks: () => now, every: () => () => {} };
  const settings = await store(own, clock);
  await settings.users.add(user('shop'));
  await own.kill9();
  now += 4000;
  expect(settings.fresh()).toBe(true);
  now += 2000;
  expect(settings.current()).toBeUndefined();
  expect(settings.latest()?.users.has('shop')).toBe(true);
  await own.restart();
  await expect.poll(() => settings.current()?.users.has('shop'), { timeout: 3000 }).toBe(true);
  await own.stop();
});
