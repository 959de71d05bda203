// A month of two cold addresses: no day's limit is exceeded, nearly all of it is used, and no mail is lost or bounced for it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { movableClock } from './clock.ts';
import { print, until } from './figures.ts';
import type { Taken } from './host.ts';
import { startInternet, type Internet } from './internet.ts';
import { startWorldRelay, type WorldRelay } from './relay.ts';

const DAYS = 30;
const DAY_MS = 86_400_000;
/** Messages to one provider on each day of the warm-up. */
const CURVE = Array.from({ length: DAYS }, (_, n) => 8 + 3 * n);
/** What the users want to send, of the day's limit: the lonely address a little more, the one with a warm neighbour much more. */
const LONELY = 1.1;
const ACCOMPANIED = 2;

// Ten past midnight, UTC, of a day to come: what expires by Redis' own clock is then there still.
const clock = movableClock((Math.floor(systemClock.now() / DAY_MS) + 1) * DAY_MS + 600_000);
let internet: Internet;
let relay: WorldRelay;

beforeAll(async () => {
  internet = await startInternet(
    {
      google: {
        domains: ['gmail.test'],
        hosts: ['gmail-smtp-in.l.google.com', 'alt1.gmail-smtp-in.l.google.com'],
      },
      libero: { domains: ['libero.test'], hosts: ['smtp-in.libero.it'] },
    },
    clock.ticks,
  );
  relay = await startWorldRelay(internet, clock, {
    warmup: { curve: CURVE, timeZone: 'UTC' },
    transports: [
      { name: 'lonely', address: '127.0.1.1', pool: 'lonely', warmup: { day: 1 } },
      { name: 'cold', address: '127.0.1.2', pool: 'pair', warmup: { day: 1 } },
      { name: 'warm', address: '127.0.1.3', pool: 'pair', warm: true },
    ],
    users: [
      { name: 'lonely', networks: ['127.0.0.65/32'], domains: ['lonely.example'], pool: 'lonely' },
      { name: 'pair', networks: ['127.0.0.66/32'], domains: ['pair.example'], pool: 'pair' },
    ],
  });
});

afterAll(async () => {
  await relay?.close();
  await internet?.close();
});

type Day = Readonly<{ cap: number; lonely: number; cold: number; warm: number }>;

const countOf = (list: readonly Taken[], peer: string): number =>
  list.filter((one) => one.peer === peer).length;

async function handIn(day: number, user: string, from: string, count: number): Promise<void> {
  const post = await relay.post(from);
  for (let n = 0; n < count; n++) {
    const reply = await post.send(`me@${user}.example`, `u${n}@gmail.test`, `${user} ${day}.${n}`);
    expect(reply).toMatch(/^250/);
  }
  post.close();
}

/** One day of mail to Google; `waiting`: what the lonely address still has from the days before. */
async function live(day: number, waiting: number): Promise<Day> {
  const cap = CURVE[day] ?? 0;
  const asked = { lonely: Math.ceil(cap * LONELY), pair: Math.ceil(cap * ACCOMPANIED) };
  const { taken } = internet.host('google');
  taken.length = 0;
  await Promise.all([
    handIn(day, 'lonely', '127.0.0.65', asked.lonely),
    handIn(day, 'pair', '127.0.0.66', asked.pair),
  ]);
  const possible = Math.min(cap, asked.lonely + waiting) + asked.pair;
  await until(() => taken.length >= possible, 40_000);
  // What is too much would come now.
  await new Promise((resolve) => setTimeout(resolve, 300));
  return {
    cap,
    lonely: countOf(taken, '127.0.1.1'),
    cold: countOf(taken, '127.0.1.2'),
    warm: countOf(taken, '127.0.1.3'),
  };
}

test('thirty days', async () => {
  const days: Day[] = [];
  let waiting = 0;
  let asked = 0;
  for (let day = 0; day < DAYS; day++) {
    const done = await live(day, waiting);
    const wanted = Math.ceil(done.cap * LONELY);
    waiting += wanted - done.lonely;
    asked += wanted + Math.ceil(done.cap * ACCOMPANIED);
    days.push(done);
    clock.move(DAY_MS - (clock.now() % DAY_MS) + 600_000);
    await relay.running.base.offset.measure();
  }
  const sum = (what: keyof Day): number => days.reduce((total, one) => total + one[what], 0);
  const worst = Math.max(...days.flatMap(({ cap, lonely, cold }) => [lonely / cap, cold / cap]));
  print(`warm-up, ${DAYS} days, limits ${CURVE[0]} to ${CURVE.at(-1)} a day, ${sum('cap')} in all`);
  for (const name of ['lonely', 'cold'] as const)
    print(`  ${name}: ${sum(name)} sent, ${((100 * sum(name)) / sum('cap')).toFixed(1)} % of its limits`);
  print(
    `  the fullest day used ${(100 * worst).toFixed(1)} % of its limit; ${sum('warm')} overflowed to the warm address`,
  );
  print(`  ${asked} handed in, ${waiting} still held at the end, none bounced: ${bounced()} bounces`);
  expect(worst).toBeLessThanOrEqual(1);
  expect(sum('lonely') / sum('cap')).toBeGreaterThanOrEqual(0.95);
  expect(sum('cold') / sum('cap')).toBeGreaterThanOrEqual(0.95);
  expect(bounced()).toBe(0);
});

const bounced = (): number =>
  [...(relay.running.delivery?.tallies() ?? [])]
    .filter(([key]) => key.startsWith('bounced'))
    .reduce((sum, [, count]) => sum + count, 0);
