// What days do to a warm-up that is kept in Redis: bad ones slip back, idle ones do not count, and all processes agree.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Allowance } from '../../../src/deliver/warmup/allowance.ts';
import { warmupConfig } from '../../../src/deliver/warmup/config.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Notice } from '../../../src/model/notice.ts';
import type { Outcome, RemoteReply } from '../../../src/model/outcome.ts';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import { openWarmup, type Warmup } from '../../../src/roles/warmup.ts';
import { openWarmupStore } from '../../../src/store/warmup.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { bounced, deferred, via } from '../../support/backlog.ts';
import { handClock, type HandClock } from '../../support/hand-clock.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const DAY = 86_400_000;
const config = warmupConfig.parse({ curve: [30, 40, 50, 60, 70, 80] });
let redis: TestRedis;
let connection: RedisConnection;
let prefix: string;
let hand: HandClock;
let clock: Clock;
let told: Notice[];
let ip: Transport;

beforeAll(async () => {
  redis = await startRedis({ fsync: 'everysec' });
});
afterAll(() => redis.stop());
beforeEach(async () => {
  prefix = randomPrefix();
  hand = handClock(Date.UTC(2026, 5, 1, 12));
  clock = { ...hand, every: () => () => undefined };
  told = [];
  ip = transportSchema.parse({
    v: 1,
    name: 'ip1',
    address: '192.0.2.1',
    origin: 'command',
    warmup: { since: '2026-06-01' },
  });
  connection = connectRedis({ url: redis.url, purpose: 'events', prefix, log: silentLog });
  await connection.whenReady();
  return () => connection.close();
});

const open = (): Warmup =>
  openWarmup({
    redis: connection,
    prefix,
    clock,
    log: silentLog,
    config,
    transports: () => [ip],
    tell: async (notice) => void told.push(notice),
  });

const reply: RemoteReply = { code: 450, text: 'later' };
const later = (provider: string): Outcome => ({
  ...deferred,
  via: { ...via, provider },
  cause: { ...deferred.cause, reply },
});

async function send(warmup: Warmup, provider: string, count: number): Promise<number> {
  let taken = 0;
  for (let n = 0; n < count; n++) {
    const permit = await warmup.take(ip, provider);
    if (permit.kind === 'taken') taken++;
  }
  return taken;
}
const dayOf = async (warmup: Warmup, provider: string): Promise<number | undefined> =>
  (await warmup.overview(ip))?.providers.find((one) => one.provider === provider)?.day;

test('a day on which too much was put off does not count, a worse one takes days back, and that is told once', async () => {
  const [one, two] = [open(), open()];
  for (const day of [1, 2, 3]) {
    expect(await send(one, 'google', 100)).toBe(config.curve[day - 1]);
    await send(two, 'yahoo', 25);
    hand.pass(DAY);
  }
  expect(await dayOf(one, 'google')).toBe(4);
  await send(one, 'google', 50);
  await send(two, 'yahoo', 50);
  for (let n = 0; n < 12; n++) await two.note(ip, later('google'));
  expect(await one.overview(ip)).toMatchObject({
    providers: [
      { provider: 'others', day: 4, cap: 60, used: 0 },
      { provider: 'google', day: 4, cap: 60, used: 50, deferred: 12, bounced: 0 },
      { provider: 'yahoo', day: 4, cap: 60, used: 50, deferred: 0 },
    ],
  });
  hand.pass(DAY);
  // Both see the new day at the same moment.
  const [first, second] = await Promise.all([dayOf(one, 'google'), dayOf(two, 'google')]);
  expect([first, second]).toEqual([4, 4]);
  expect(await dayOf(two, 'yahoo')).toBe(5);
  expect(told.filter(({ rule }) => rule === 'warmup-slip')).toMatchObject([
    { provider: 'google', action: 'slip', reason: expect.stringContaining('stands still') },
  ]);
  await send(one, 'google', 50);
  for (let n = 0; n < 30; n++) await one.note(ip, later('google'));
  hand.pass(DAY);
  expect(await dayOf(one, 'google')).toBe(2);
  expect(told.at(-1)?.reason).toContain('slips back 2 days');
  expect(await send(two, 'google', 100)).toBe(40);
});

test('what keeps us from sending says nothing of our address', async () => {
  const one = open();
  await send(one, 'google', 30);
  const { reply: _, ...cause } = { ...deferred.cause, reply };
  const ours: readonly Outcome[] = [
    { ...deferred, via: { ...via, provider: 'google' }, cause },
    { ...deferred, via: { ...via, provider: 'google' }, cause: { ...cause, class: 'greylisted', reply } },
    { ...bounced, cause: { ...bounced.cause } },
    { kind: 'held', rule: 'warmup', until: 0 },
  ];
  for (let n = 0; n < 30; n++) for (const outcome of ours) await one.note(ip, outcome);
  hand.pass(DAY);
  expect(await dayOf(one, 'google')).toBe(2);
});

test('it goes on where it was after a pause of any length, and after a restart', async () => {
  await send(open(), 'google', 30);
  hand.pass(DAY);
  await send(open(), 'google', 40);
  hand.pass(100 * DAY);
  const after = open();
  expect(await dayOf(after, 'google')).toBe(3);
  expect(await send(after, 'google', 100)).toBe(50);
});

test('what was counted on the last moment of a day and leaves on the next counts for the next', async () => {
  const one = open();
  hand.pass(DAY / 2 - 1);
  expect(await send(one, 'google', 20)).toBe(20);
  const leaving = { transport: ip, provider: 'google' };
  const late = Array.from({ length: 8 }, () => new Allowance(one, leaving, clock).claim());
  hand.pass(1);
  expect((await Promise.all(late)).filter((held) => held === undefined)).toHaveLength(8);
  expect(await one.overview(ip)).toMatchObject({
    providers: [{ provider: 'others' }, { day: 2, cap: 40, used: 8 }],
  });
  expect(await send(one, 'google', 100)).toBe(32);
  expect(
    (await openWarmupStore(connection, prefix).read({ transport: 'ip1', day: '2026-06-01' })).used.get(
      'google',
    ),
  ).toBe(20);
});

test('it is over after its last day, told once, and then counts nothing', async () => {
  const one = open();
  for (let day = 0; day < config.curve.length; day++) {
    expect(await one.isWarming(ip)).toBe(true);
    await send(one, 'google', 5);
    hand.pass(DAY);
  }
  expect(await open().isWarming(ip)).toBe(false);
  expect(await one.isWarming(ip)).toBe(false);
  expect(await one.take(ip, 'google')).toEqual({ kind: 'free' });
  expect(one.roomOf(ip, 'google')).toBe('free');
  expect(told.filter(({ over }) => over === true)).toHaveLength(1);
  // Another beginning is another warm-up.
  ip = { ...ip, warmup: { since: '2026-06-07' } };
  expect(await dayOf(one, 'others')).toBe(1);
  expect(await send(one, 'google', 100)).toBe(30);
});

test('where Redis cannot be asked, nothing leaves, and not for long', async () => {
  const one = open();
  await send(one, 'google', 1);
  redis.pause();
  try {
    const permit = await one.take(ip, 'google');
    expect(permit).toMatchObject({ kind: 'full' });
    expect(permit.kind === 'full' && permit.until - clock.now()).toBeLessThanOrEqual(5_000);
  } finally {
    redis.resume();
  }
  expect(await one.take({ ...ip, warm: true }, 'google')).toEqual({ kind: 'free' });
});

test('after a full day the first minute is for what was held, whoever comes first', async () => {
  const [one, two] = [open(), open()];
  expect(await send(one, 'google', 100)).toBe(30);
  await send(one, 'yahoo', 5);
  await expect.poll(() => told.filter(({ rule }) => rule === 'warmup').length).toBe(1);
  const midnight = Date.UTC(2026, 5, 2);
  hand.pass(midnight - clock.now());
  // The first instant of the day: `two` has not seen it yet.
  const early = await two.take(ip, 'google', midnight);
  expect(early).toEqual({ kind: 'full', until: midnight + 60_000 });
  expect(two.fullUntil(ip, 'google', midnight)).toBe(midnight + 60_000);
  expect(two.fullUntil(ip, 'google', midnight - 1)).toBeUndefined();
  expect(await two.take(ip, 'google', midnight - 1)).toMatchObject({ kind: 'taken' });
  expect(await two.take(ip, 'yahoo', midnight)).toMatchObject({ kind: 'taken' });
  hand.pass(60_000);
  expect(two.fullUntil(ip, 'google', midnight + 60_000)).toBeUndefined();
  expect(await two.take(ip, 'google', midnight + 60_000)).toMatchObject({ kind: 'taken' });
  // This day was not full.
  hand.pass(DAY);
  expect(await one.take(ip, 'google', clock.now())).toMatchObject({ kind: 'taken' });
});
