// The room that a user's limits leave, on a real Redis: it is what bookings say, and looking books nothing.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeKeys, type Keys } from '../../../src/backlog/keys.ts';
import { makeReserve, makeRoom } from '../../../src/backlog/quota.ts';
import { systemClock, type Clock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';
import { user } from '../../support/front-door.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 6, 3, 12);
let server: TestRedis;
let redis: RedisConnection;
let keys: Keys;
let now = NOON;
const clock: Clock = { ...systemClock, now: () => now };

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, purpose: 'accept', prefix: 't:', log: silentLog });
  await redis.whenReady();
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});
beforeEach(() => {
  keys = makeKeys(randomPrefix());
  now = NOON;
});

const limited = (limits: object) => user({ name: 'shop', limits: { over: 'refuse', ...limits } });

test('a user without limits has none', async () =>
  expect(await makeRoom(redis, keys, clock)(limited({}))).toBeUndefined());

test('the room is the limit less what is booked, and looking books nothing', async () => {
  const who = limited({ messagesPerHour: 5 });
  const room = makeRoom(redis, keys, clock);
  expect(await room(who)).toEqual({ left: 5, period: 'hour' });
  expect(await makeReserve(redis, keys, clock)(who, 3, '')).toMatchObject({ kind: 'now' });
  expect(await room(who)).toEqual({ left: 2, period: 'hour' });
  expect(await room(who)).toEqual({ left: 2, period: 'hour' });
  now += HOUR;
  expect(await room(who)).toEqual({ left: 5, period: 'hour' });
});

test('the nearer limit counts, and a first booking beyond it leaves no room', async () => {
  const who = limited({ messagesPerHour: 5, messagesPerDay: 6 });
  const room = makeRoom(redis, keys, clock);
  const reserve = makeReserve(redis, keys, clock);
  await reserve(who, 4, '');
  expect(await room(who)).toEqual({ left: 1, period: 'hour' });
  now += HOUR;
  expect(await room(who)).toEqual({ left: 2, period: 'day' });
  now += 24 * HOUR;
  await reserve(who, 50, '');
  expect(await room(who)).toEqual({ left: 0, period: 'hour' });
});

test('what was accepted before is not booked again, not refused, and what was booked twice is given back', async () => {
  const who = limited({ messagesPerHour: 5, messagesPerDay: 5 });
  const room = makeRoom(redis, keys, clock);
  const reserve = makeReserve(redis, keys, clock);
  const [first, second] = await Promise.all([reserve(who, 2, 'key.a'), reserve(who, 2, 'key.a')]);
  expect(first).toMatchObject({ kind: 'now' });
  expect(await room(who)).toEqual({ left: 1, period: 'hour' });
  if (second?.kind !== 'refused') await second?.giveBack?.();
  expect(await room(who)).toEqual({ left: 3, period: 'hour' });
  await redis.call('SET', keys.same('default', 'key.a'), 'ID');
  for (let n = 0; n < 10; n++) expect(await reserve(who, 2, 'key.a')).toEqual({ kind: 'now' });
  expect(await room(who)).toEqual({ left: 3, period: 'hour' });
  expect(await reserve(who, 2, 'key.b')).toMatchObject({ kind: 'now' });
  expect(await reserve(who, 2, 'key.c')).toMatchObject({ kind: 'refused' });
  expect(await reserve(who, 2, 'key.a')).toEqual({ kind: 'now' });
});

test('what waits for a later hour is given back there', async () => {
  const who = limited({ messagesPerHour: 2, over: 'hold' });
  const reserve = makeReserve(redis, keys, clock);
  await reserve(who, 2, '');
  const later = await reserve(who, 2, '');
  expect(later).toMatchObject({ kind: 'later', at: NOON + HOUR });
  if (later.kind === 'later') await later.giveBack?.();
  expect(await reserve(who, 2, '')).toMatchObject({ kind: 'later', at: NOON + HOUR });
});
