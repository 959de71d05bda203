// A block list takes in one of our addresses: once that is confirmed nothing leaves by it, and it comes back when it is clean.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { movableClock } from './clock.ts';
import { print, until } from './figures.ts';
import { startInternet, type Internet } from './internet.ts';
import { startWorldRelay, type WorldRelay } from './relay.ts';

const ZONE = 'dnsbl.test';
const LISTED = `11.2.0.192.${ZONE}`;
const INTERVAL_MS = 600_000;
const CONFIRM_MS = 60_000;
/** How often states are looked at. */
const ROUND_MS = 60_000;
const LOOK_MS = 4_000;
const SETTLE_MS = 6_000;
const DOMAINS = 24;

const clock = movableClock();
let internet: Internet;
let relay: WorldRelay;

beforeAll(async () => {
  const places = Array.from({ length: DOMAINS }, (_, n) => [
    `site${n}`,
    { domains: [`site${n}.test`], hosts: [`mx.site${n}.test`], behaviour: { delayMs: 20 } },
  ]);
  // RFC 5782 §5: every list has a test entry.
  const alive = { [`2.0.0.127.${ZONE}`]: { a: ['127.0.0.2'] } };
  internet = await startInternet(Object.fromEntries(places), clock.ticks, alive);
  relay = await startWorldRelay(internet, clock, {
    transports: [
      { name: 'one', address: '127.0.1.1', publicAddress: '192.0.2.11', warm: true },
      { name: 'two', address: '127.0.1.2', publicAddress: '192.0.2.12', warm: true },
    ],
    monitor: { blocklists: [{ name: 'Test', zone: ZONE, quarantine: ['127.0.0.2'] }] },
    users: [{ name: 'shop', networks: ['127.0.0.65/32'], domains: ['shop.example'] }],
  });
});

afterAll(async () => {
  await relay?.close();
  await internet?.close();
});

const taken = () => internet.hosts().flatMap((host) => host.taken);
const stateOf = (name: string): string => relay.running.base.states.stateOf(name).state;
let number = 0;

/** Mail to all domains; resolves to how much of it left by each address. */
async function mail(): Promise<Readonly<Record<string, number>>> {
  for (const host of internet.hosts()) host.forget();
  const post = await relay.post('127.0.0.65');
  for (let n = 0; n < DOMAINS; n++)
    await post.send('me@shop.example', `someone@site${n}.test`, `${number++}`);
  post.close();
  expect(await until(() => taken().length >= DOMAINS, 30_000)).toBe(true);
  const counts: Record<string, number> = {};
  for (const { peer } of taken()) counts[peer] = (counts[peer] ?? 0) + 1;
  return counts;
}

/** Lets time pass until something has happened, at most `ms`; resolves to how much passed, or to NaN. */
async function pass(ms: number, done: () => boolean): Promise<number> {
  const began = clock.ticks();
  while (!done()) {
    if (clock.ticks() - began > ms) return Number.NaN;
    await clock.walk(LOOK_MS);
  }
  return clock.ticks() - began;
}

const asked = (after: number): boolean => internet.dns.questions.slice(after).includes(`A ${LISTED}`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;

test('a confirmed listing empties the address, and a clean list brings it back', async () => {
  await pass(INTERVAL_MS, () => asked(0));
  const before = await mail();
  print(`before the listing: ${JSON.stringify(before)}`);
  expect(before['127.0.1.1']).toBeGreaterThan(0);

  internet.dns.table.set(LISTED, { a: ['127.0.0.2'] });
  const questions = internet.dns.questions.length;
  const noticed = await pass(INTERVAL_MS + ROUND_MS, () => asked(questions));
  const doubtful = { state: stateOf('one'), ...(await mail()) };
  print(`first positive after ${seconds(noticed)}, not acted on yet: ${JSON.stringify(doubtful)}`);
  expect(doubtful.state).not.toBe('quarantined');

  const confirmed = await pass(CONFIRM_MS + ROUND_MS, () => stateOf('one') === 'quarantined');
  // What had been begun ends; what waited is somewhere else within a moment.
  await clock.walk(SETTLE_MS);
  const during = await mail();
  print(
    `confirmed ${seconds(confirmed)} later (interval ${seconds(INTERVAL_MS)}): ${JSON.stringify(during)}`,
  );
  expect(confirmed).toBeLessThan(INTERVAL_MS);
  expect(during['127.0.1.1']).toBeUndefined();
  expect(during['127.0.1.2']).toBe(DOMAINS);

  internet.dns.table.delete(LISTED);
  const released = await pass(12 * INTERVAL_MS, () => stateOf('one') !== 'quarantined');
  const after = await mail();
  print(`clean again: released after ${seconds(released)}: ${JSON.stringify(after)}`);
  expect(after['127.0.1.1']).toBeGreaterThan(0);
});
