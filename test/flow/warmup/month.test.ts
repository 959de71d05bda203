// Thirty simulated days of warm-up over a real Redis: two processes, two transports, midnights in the middle of the work.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_CURVE, warmupConfig } from '../../../src/deliver/warmup/config.ts';
import { Allowance } from '../../../src/deliver/warmup/allowance.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { dayOf, daysBetween, nextDayAt, plusDays } from '../../../src/lib/day.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import type { Notice } from '../../../src/model/notice.ts';
import { openWarmup, type Warmup } from '../../../src/roles/warmup.ts';
import { connectRedis, type RedisConnection } from '../../../src/store/redis.ts';
import { handClock } from '../../support/hand-clock.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 10, 9, 30);
/** A hundredth of what is real: the same shape in a few seconds. Europe's clocks change on 29 March. */
const config = warmupConfig.parse({
  curve: DEFAULT_CURVE.map((cap) => Math.ceil(cap / 100)),
  providers: { cautious: [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144] },
});
const PROVIDERS = ['google', 'microsoft', 'cautious', undefined] as const;
type Provider = (typeof PROVIDERS)[number];

const young = (name: string, address: string, more: Partial<Transport>): Transport => ({
  ...transportSchema.parse({ v: 1, name, address, origin: 'command', warmup: { since: '2026-03-10' } }),
  ...more,
});
const TRANSPORTS = [
  young('rome', '192.0.2.1', { timeZone: 'Europe/Rome' }),
  young('tokyo', '192.0.2.2', { timeZone: 'Asia/Tokyo' }),
];

let redis: TestRedis;
const connections: RedisConnection[] = [];

beforeAll(async () => {
  redis = await startRedis({ fsync: 'everysec' });
});
afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await redis.stop();
});

async function openProcess(prefix: string, clock: Clock, told: Notice[]): Promise<Warmup> {
  const connection = connectRedis({ url: redis.url, purpose: 'events', prefix, log: silentLog });
  connections.push(connection);
  await connection.whenReady();
  const transports = (): readonly Transport[] => TRANSPORTS;
  const tell = async (notice: Notice): Promise<void> => void told.push(notice);
  return openWarmup({ redis: connection, prefix, clock, log: silentLog, config, transports, tell });
}

/** What the curve says of a day, without any of the code under test. */
function capOn(provider: Provider, age: number): number | undefined {
  return (config.providers[provider ?? ''] ?? config.curve)[age - 1];
}

test('caps are never exceeded on any day of a month, and at least 95 % of them are used', async () => {
  const hand = handClock(START);
  // The counts are looked at when this test says so: a month of seconds would be long.
  const clock: Clock = { ...hand, every: () => () => undefined };
  const told: Notice[] = [];
  const prefix = randomPrefix();
  const processes = [await openProcess(prefix, clock, told), await openProcess(prefix, clock, told)];
  /** What the other side saw: messages by transport, provider and day. */
  const seen = new Map<string, number>();
  let turn = 0;
  let held = 0;
  let lost = 0;

  /** One message: sent, held until tomorrow, or, now and then, not brought to MAIL. */
  const send = async (transport: Transport, provider: Provider): Promise<'sent' | 'held' | 'failed'> => {
    const nth = turn++;
    const warmup = processes[nth % 2];
    if (!warmup) throw new Error('no process');
    const allowance = new Allowance(warmup, { transport, provider }, clock);
    const verdict = await allowance.claim();
    if (verdict) {
      held++;
      if (verdict.kind !== 'held') throw new Error('a claim is granted or held');
      expect(verdict.until).toBeGreaterThan(clock.now() - 1);
      return 'held';
    }
    if (nth % 11 === 0) {
      lost++;
      await allowance.giveBack();
      return 'failed';
    }
    const key = [transport.name, provider ?? '*', dayOf(clock.now(), transport.timeZone ?? 'UTC')].join(' ');
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return 'sent';
  };

  /** All there is for one transport and provider, until it is held: from both processes, several at a time. */
  const push = async (transport: Transport, provider: Provider): Promise<void> => {
    for (let round = 0; round < 10_000; round++) {
      const answers = await Promise.all(Array.from({ length: 40 }, () => send(transport, provider)));
      if (answers.every((answer) => answer === 'held')) return;
      // Without a limit this would go on for ever.
      if (round > 200) return;
    }
  };

  const lanes = TRANSPORTS.flatMap((transport) => PROVIDERS.map((provider) => ({ transport, provider })));
  const isLimited = ({ transport, provider }: (typeof lanes)[number]): boolean => {
    const age = daysBetween('2026-03-10', dayOf(clock.now(), transport.timeZone ?? 'UTC')) + 1;
    return capOn(provider, age) !== undefined;
  };
  for (let day = 0; day < 30; day++) {
    // Half of the limited lanes push by day, the others around midnight.
    await Promise.all(
      lanes
        .filter((lane, i) => isLimited(lane) && (i + day) % 2 === 0)
        .map((lane) => push(lane.transport, lane.provider)),
    );
    hand.pass(3 * HOUR);
    const byMidnight = TRANSPORTS.map((transport) => ({
      transport,
      midnight: nextDayAt(clock.now(), transport.timeZone ?? 'UTC'),
    })).toSorted((a, b) => a.midnight - b.midnight);
    for (const { transport, midnight } of byMidnight) {
      if (midnight - clock.now() > 18 * HOUR) continue;
      hand.pass(midnight - clock.now() - 1);
      const before = lanes.filter((lane) => lane.transport === transport && isLimited(lane));
      await Promise.all(before.map((lane) => push(lane.transport, lane.provider)));
      // These ask in the last millisecond of the day and are answered in the next.
      const across = before.flatMap((lane) =>
        Array.from({ length: 30 }, () => send(lane.transport, lane.provider)),
      );
      hand.pass(1);
      await Promise.all(across);
    }
    hand.pass(Math.max(0, START + (day + 1) * 24 * HOUR - clock.now()));
  }
  await Promise.all(processes.map((one) => one.refresh()));

  let worst = 0;
  let used = 0;
  let allowed = 0;
  const figures: string[] = [];
  // The 30th day was not over when it stopped: it counts for what was too much, not for what was missing.
  for (const { transport, provider } of lanes) {
    for (let age = 1; age <= 30; age++) {
      const cap = capOn(provider, age);
      if (cap === undefined) continue;
      const date = plusDays('2026-03-10', age - 1);
      const name = `${transport.name} to ${provider ?? '*'} on day ${age}`;
      const count = seen.get([transport.name, provider ?? '*', date].join(' ')) ?? 0;
      worst = Math.max(worst, count / cap);
      if (count > cap) figures.push(`${name}: ${count} of ${cap}`);
      if (age === 30) continue;
      used += count;
      allowed += cap;
      if (count < 0.95 * cap) figures.push(`${name}: only ${count} of ${cap}`);
    }
  }
  console.log(
    `warm-up, 30 days, 2 processes, 2 transports in 2 time zones, 4 providers: fullest day ${(100 * worst).toFixed(1)} % of its cap, ` +
      `used ${((100 * used) / allowed).toFixed(2)} % of ${allowed} messages allowed; ${held} held, ${lost} given back`,
  );
  expect(figures).toEqual([]);
  expect(worst).toBeLessThanOrEqual(1);
  expect(used / allowed).toBeGreaterThanOrEqual(0.95);
  // Told once a day for each transport and provider, whatever the number of processes and messages.
  const days = told.filter(({ rule, over }) => rule === 'warmup' && over !== true);
  expect(
    new Set(days.map(({ transport, provider, until }) => [transport, provider, until].join())).size,
  ).toBe(days.length);
}, 240_000);
