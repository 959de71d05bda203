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
const BEFORE_MS = 1_500;
const PATIENCE_MS = 40_000;
/** Messages to one provider on each day of the warm-up. */
const CURVE = Array.from({ length: DAYS }, (_, n) => 8 + 3 * n);
/** What the users want to send, of the day's limit: the lonely address a little more, the one with a warm neighbour much more. */
const LONELY = 1.1;
const ACCOMPANIED = 2;

const FIRST_MS = 61_000;
// Ten past midnight, UTC, of a day to come: what expires by Redis' own clock is then there still.
const FIRST_DAY = Math.floor(systemClock.now() / DAY_MS) + 1;
const clock = movableClock(FIRST_DAY * DAY_MS + 600_000);
let internet: Internet;
let relay: WorldRelay;

beforeAll(async () => {
  internet = await startInternet(
    {
      google: {
        domains: ['gmail.test'],
        hosts: ['gmail-smtp-in.l.google.com', 'alt1.gmail-smtp-in.l.google.com'],
        tls: true,
      },
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

/** Which day a message left on, by the relay's clock and counted from 0. */
function dayOf({ began }: Taken): number {
  return Math.floor((clock.now() - clock.ticks() + began) / DAY_MS) - FIRST_DAY;
}

function figuresOf(day: number): Day {
  const left = internet.host('google').taken.filter((one) => dayOf(one) === day);
  const by = (address: string): number => left.filter(({ peer }) => peer === address).length;
  return { cap: CURVE[day] ?? 0, lonely: by('127.0.1.1'), cold: by('127.0.1.2'), warm: by('127.0.1.3') };
}

async function handIn(day: number, user: string, from: string, count: number): Promise<void> {
  const post = await relay.post(from);
  for (let n = 0; n < count; n++) {
    const reply = await post.send(`me@${user}.example`, `u${n}@gmail.test`, `${user} ${day}.${n}`);
    expect(reply).toMatch(/^250/);
  }
  post.close();
}

/** One day of mail to Google: what is held goes first, then new mail comes; resolves when all that may go has gone. */
async function live(day: number, held: number): Promise<void> {
  const cap = CURVE[day] ?? 0;
  const { taken } = internet.host('google');
  const before = taken.length;
  const left = (): number => taken.length - before;
  await until(() => left() >= Math.min(cap, held), PATIENCE_MS);
  // The day's first minute is for what was held.
  if (clock.now() % DAY_MS < FIRST_MS) await relay.jump(FIRST_MS);
  const asked = askedOn(day);
  await Promise.all([
    handIn(day, 'lonely', '127.0.0.65', asked.lonely),
    handIn(day, 'pair', '127.0.0.66', asked.pair),
  ]);
  await until(() => left() >= Math.min(cap, asked.lonely + held) + asked.pair, PATIENCE_MS);
  // What is too much would come now.
  await new Promise((resolve) => setTimeout(resolve, 300));
}

function askedOn(day: number): Readonly<{ lonely: number; pair: number }> {
  const cap = CURVE[day] ?? 0;
  return { lonely: Math.ceil(cap * LONELY), pair: Math.ceil(cap * ACCOMPANIED) };
}

test('thirty days', async () => {
  let asked = 0;
  for (let day = 0; day < DAYS; day++) {
    const gone = internet.host('google').taken.length;
    await live(day, asked - gone);
    asked += askedOn(day).lonely + askedOn(day).pair;
    // Real time has to bring midnight, by which BullMQ goes.
    await relay.jump(DAY_MS - (clock.now() % DAY_MS) - BEFORE_MS);
    await until(() => clock.now() % DAY_MS < DAY_MS / 2, 4 * BEFORE_MS);
  }
  const days = CURVE.map((_, day) => figuresOf(day));
  const sum = (what: keyof Day): number => days.reduce((total, one) => total + one[what], 0);
  const worst = Math.max(...days.flatMap(({ cap, lonely, cold }) => [lonely / cap, cold / cap]));
  print(`warm-up, ${DAYS} days, limits ${CURVE[0]} to ${CURVE.at(-1)} a day, ${sum('cap')} in all`);
  for (const name of ['lonely', 'cold'] as const)
    print(`  ${name}: ${sum(name)} sent, ${((100 * sum(name)) / sum('cap')).toFixed(1)} % of its limits`);
  print(
    `  the fullest day used ${(100 * worst).toFixed(1)} % of its limit; ${sum('warm')} overflowed to the warm address`,
  );
  print(
    `  ${asked} handed in, ${asked - internet.host('google').taken.length} still held at the end, ${bounced()} bounced or expired`,
  );
  expect(worst).toBeLessThanOrEqual(1);
  expect(sum('lonely') / sum('cap')).toBeGreaterThanOrEqual(0.95);
  expect(sum('cold') / sum('cap')).toBeGreaterThanOrEqual(0.95);
  expect(bounced()).toBe(0);
});

const bounced = (): number =>
  [...(relay.running.delivery?.tallies() ?? [])]
    .filter(([key]) => /^(?:bounced|expired)/.test(key))
    .reduce((sum, [, count]) => sum + count, 0);
