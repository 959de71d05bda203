// A storm at one provider, or 200 tarpits at once, must not be felt by mail for the others.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { movableClock } from './clock.ts';
import { percentile, print, until } from './figures.ts';
import { startInternet, type Internet, type Place } from './internet.ts';
import { tarpit, yahooStorm } from './providers.ts';
import { startWorldRelay, type WorldRelay } from './relay.ts';

const GOOD = 8;
const TARPITS = 200;
const ROUND_MS = 8_000;
const PACE_MS = 25;
/** A good host answers so late: nobody's mail host answers at once. */
const DELAY_MS = 10;
/** The limit: a fifth more or 50 ms more, whichever is larger. */
const SHARE = 1.2;
const MORE_MS = 50;

const clock = movableClock();
let internet: Internet;
let relay: WorldRelay;
let round = 0;

beforeAll(async () => {
  const good = Array.from({ length: GOOD }, (_, n): [string, Place] => [
    `good${n}`,
    { domains: [`good${n}.test`], hosts: [`mx.good${n}.test`], behaviour: { delayMs: DELAY_MS } },
  ]);
  const tarpits = Array.from({ length: TARPITS }, (_, n): [string, Place] => [
    `tar${n}`,
    { domains: [`tar${n}.test`], hosts: [`mx.tar${n}.test`], behaviour: tarpit },
  ]);
  const yahoo: Place = {
    domains: ['yahoo.test', 'aol.test'],
    hosts: ['mta5.am0.yahoodns.net', 'mta6.am0.yahoodns.net'],
    behaviour: yahooStorm,
  };
  internet = await startInternet(Object.fromEntries([...good, ['yahoo', yahoo], ...tarpits]), clock.ticks);
  relay = await startWorldRelay(internet, clock, {
    transports: [{ name: 'ip1', address: '127.0.1.1' }],
    users: [
      { name: 'shop', networks: ['127.0.0.65/32'], domains: ['shop.example'] },
      { name: 'bulk', networks: ['127.0.0.66/32'], domains: ['bulk.example'] },
    ],
  });
  await measure('warming the program up');
});

afterAll(async () => {
  await relay.close();
  await internet.close();
});

/** Mail for the good hosts, one every 25 ms; resolves to how long each took from the relay's door to its host. */
async function measure(what: string): Promise<readonly number[]> {
  round++;
  const post = await relay.post('127.0.0.65');
  const began = new Map<string, number>();
  const end = performance.now() + ROUND_MS;
  for (let n = 0; performance.now() < end; n++) {
    const subject = `${round}.${n}`;
    began.set(subject, clock.ticks());
    const reply = await post.send('me@shop.example', `someone@good${n % GOOD}.test`, subject);
    expect(reply).toMatch(/^250/);
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
  }
  post.close();
  const taken = (): readonly number[] =>
    internet
      .hosts()
      .flatMap((host) => host.taken)
      .flatMap(({ subject, at }) => (began.has(subject) ? [at - (began.get(subject) ?? 0)] : []));
  expect(await until(() => taken().length === began.size, 30_000), `${what}: all arrive`).toBe(true);
  const times = taken();
  print(
    `${what}: ${times.length} messages, p50 ${percentile(times, 0.5).toFixed(1)} ms, p95 ${percentile(times, 0.95).toFixed(1)} ms`,
  );
  return times;
}

/** Hands in mail for the bad places, and goes on with it until it is stopped. */
function burden(addressOf: (n: number) => string, atOnce: number, everyMs: number): () => Promise<void> {
  let over = false;
  const work = async (): Promise<void> => {
    const post = await relay.post('127.0.0.66');
    for (let n = 0; !over; n++) {
      await post.send('me@bulk.example', addressOf(n), `burden ${n}`);
      if (n >= atOnce) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    post.close();
  };
  const working = work();
  return async () => {
    over = true;
    await working;
  };
}

test('a storm of deferrals at Yahoo', async () => {
  const before = percentile(await measure('alone'), 0.95);
  const stop = burden((n) => `someone${n}@${n % 2 === 0 ? 'yahoo' : 'aol'}.test`, 500, 50);
  const during = percentile(
    await measure('with 500 and then 20 a second for Yahoo, which defers them'),
    0.95,
  );
  await stop();
  expect(internet.host('yahoo').refused()).toBeGreaterThan(0);
  expect(during).toBeLessThanOrEqual(Math.max(before * SHARE, before + MORE_MS));
});

test('200 tarpits at once', async () => {
  const before = percentile(await measure('alone'), 0.95);
  const stop = burden((n) => `someone${n}@tar${n % TARPITS}.test`, TARPITS * 3, 50);
  await until(() => open() >= TARPITS, 30_000);
  print(`${open()} connections hang in tarpits`);
  const during = percentile(await measure('with 200 tarpits'), 0.95);
  await stop();
  expect(open()).toBeGreaterThanOrEqual(TARPITS);
  expect(during).toBeLessThanOrEqual(Math.max(before * SHARE, before + MORE_MS));
});

const open = (): number =>
  internet
    .hosts()
    .filter(({ name }) => name.startsWith('mx.tar'))
    .reduce((sum, host) => sum + host.open(), 0);
