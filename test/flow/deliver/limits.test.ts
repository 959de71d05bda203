// Limits in Redis: known to every process, told once at their beginning and once at their end, and lifted.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openLimits, type Limits } from '../../../src/deliver/shaping/limits.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Notice } from '../../../src/model/notice.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
let clock: HandClock;
let told: Notice[];
let prefix = '';
const HOUR = 3_600_000;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'events', prefix: '', log: silentLog });
  await redis.whenReady();
});
beforeEach(() => {
  clock = handClock();
  told = [];
  prefix = randomPrefix();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});

const open = (): Limits =>
  openLimits({ redis, prefix, clock, log: silentLog, tell: async (notice) => void told.push(notice) });
const suspend = (until: number, rule = 'r') =>
  ({ scope: 'lane', key: 'ip1/provider:big', action: 'suspend', until, rule, why: 'they said so' }) as const;
const ids = (limits: Limits): readonly string[] => limits.list().map(({ id }) => id);

test('a limit holds where it was set at once, elsewhere after a look, and outlives a restart', async () => {
  const [one, other] = [open(), open()];
  let changes = 0;
  other.onChange(() => changes++);
  const setting = one.set(suspend(clock.now() + HOUR));
  expect(ids(one)).toEqual(['lane:ip1/provider:big:r']);
  await setting;
  await other.refresh();
  expect([ids(other), changes]).toEqual([ids(one), 1]);
  await other.refresh();
  expect(changes).toBe(1);
  const later = open();
  await later.refresh();
  expect(later.list()).toEqual(one.list());
  expect(told).toMatchObject([
    {
      type: 'limit',
      scope: 'lane',
      rule: 'r',
      action: 'suspended',
      transport: 'ip1',
      provider: 'big',
      reason: 'they said so',
    },
  ]);
});

test('one that is made again becomes longer, never shorter, and is told once', async () => {
  const limits = open();
  const until = clock.now() + HOUR;
  for (const end of [until, until + HOUR, until - 1]) await limits.set(suspend(end));
  await limits.refresh();
  expect(limits.list().map((limit) => limit.until)).toEqual([until + HOUR]);
  expect(told.length).toBe(1);
});

test('it ends by itself in every process, and one of them tells', async () => {
  const [one, other] = [open(), open()];
  await one.set(suspend(clock.now() + HOUR));
  await other.refresh();
  clock.pass(HOUR);
  await Promise.all([one.refresh(), other.refresh()]);
  await Promise.all([one.refresh(), other.refresh()]);
  expect([ids(one), ids(other)]).toEqual([[], []]);
  expect(told.map(({ over, reason }) => [over === true, reason])).toEqual([
    [false, 'they said so'],
    [true, 'Its time is over.'],
  ]);
  expect(await redis.call('HLEN', `${prefix}limits`)).toBe(0);
});

test('it is lifted by its id, by any process', async () => {
  const [one, other] = [open(), open()];
  await one.set(suspend(clock.now() + HOUR));
  await one.set(suspend(clock.now() + HOUR, 's'));
  expect(await other.cancel('lane:ip1/provider:big:r', 'an operator')).toBe(true);
  expect(await other.cancel('lane:ip1/provider:big:r', 'an operator')).toBe(false);
  await one.refresh();
  expect([ids(one), ids(other)]).toEqual([['lane:ip1/provider:big:s'], ['lane:ip1/provider:big:s']]);
  expect(told.at(-1)).toMatchObject({ over: true, rule: 'r', reason: 'Lifted by an operator.' });
});

test('what is no limit in the hash is passed over', async () => {
  await redis.call('HSET', `${prefix}limits`, 'a', 'not json', 'b', '{}', 'c', 'null');
  const limits = open();
  await limits.set(suspend(clock.now() + HOUR));
  await limits.refresh();
  expect(limits.list().length).toBe(1);
});

test('while Redis is away it holds here, and the failure is told to the caller', async () => {
  const limits = open();
  const away = openLimits({
    redis: { ...redis, run: () => Promise.reject(new Error('away')) },
    prefix,
    clock,
    log: silentLog,
    tell: async () => undefined,
  });
  await expect(away.set(suspend(clock.now() + HOUR))).rejects.toThrow('away');
  expect(away.list().length).toBe(1);
  expect(limits.list().length).toBe(0);
});

test('they are never more than so many', async () => {
  const limits = open();
  const until = clock.now() + HOUR;
  await Promise.all(
    Array.from({ length: 2100 }, (_, i) => limits.set({ ...suspend(until), scope: 'user', key: `u${i}` })),
  );
  expect(limits.list().length).toBeLessThanOrEqual(2001);
});

test('thousands of hostile sites do not keep a provider from being limited', async () => {
  const limits = open();
  const hour = clock.now() + HOUR;
  const site = (n: number) => ({ ...suspend(hour + n), key: `ip1/mx:mx${n}.test` });
  for (let n = 0; n < 2_000; n += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => limits.set(site(n + i))));
  await limits.set(site(2_000));
  await limits.set(suspend(hour));
  await limits.set({ ...suspend(hour), scope: 'provider', key: 'big' });
  await limits.refresh();
  expect(limits.list()).toHaveLength(2_000);
  expect(ids(limits)).toEqual(expect.arrayContaining(['lane:ip1/provider:big:r', 'provider:big:r']));
  expect(ids(limits)).not.toContain('lane:ip1/mx:mx0.test:r');
  expect(ids(limits)).not.toContain('lane:ip1/mx:mx2000.test:r');
});
