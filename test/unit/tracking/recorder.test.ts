// Hits on their way to the events: held, written in batches, kept while nothing can be written, bounded.
import { expect, test } from 'vitest';
import { newId } from '../../../src/lib/ids.ts';
import type { Log } from '../../../src/lib/log.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Hit } from '../../../src/tracking/hit.ts';
import { makeRecorder, MAX_WAITING, type RecorderDeps } from '../../../src/tracking/recorder.ts';
import { handClock } from '../../support/hand-clock.ts';

const AT = Date.UTC(2026, 0, 1);
const visitor = { ip: '192.0.2.1', userAgent: 'curl/8', automatic: false };
const subject = (n: number) => ({
  delivery: `${newId(AT)}-${n + 1}`,
  account: 'default',
  user: 'shop',
  recipient: 'ann@example.net',
  details: { sender: 'b@shop.example' },
});
const opened = (n = 0): Hit => ({ type: 'opened', at: AT, subject: subject(n), visitor });

function setUp(more: Partial<RecorderDeps> = {}) {
  const clock = handClock(AT);
  const written: Event[] = [];
  const batches: number[] = [];
  const said: string[] = [];
  const note = (_: unknown, sentence: string): void => void said.push(sentence);
  const log: Log = { error: note, warn: note, info: note, debug: () => undefined, child: () => log };
  const world = { down: false };
  const recorder = makeRecorder({
    clock,
    log,
    find: () => Promise.resolve(undefined),
    append: (events) => {
      if (world.down) return Promise.reject(new Error('away'));
      written.push(...events);
      batches.push(events.length);
      return Promise.resolve();
    },
    countryOf: () => 'IT',
    addresses: 'full',
    ...more,
  });
  /** Lets time pass in steps, and what was begun come to its end. */
  const pass = async (ms: number): Promise<void> => {
    for (let rest = ms; rest > 0; rest -= 200) {
      clock.pass(Math.min(200, rest));
      for (let i = 0; i < 40; i++) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { recorder, written, batches, said, world, pass, clock };
}

test('a hit is written when it is clear what it was', async () => {
  const { recorder, written, pass } = setUp();
  recorder.record(opened());
  await pass(2000);
  expect(written).toEqual([]);
  await pass(600);
  expect(written).toMatchObject([{ type: 'opened', country: 'IT', machine: 'scanner', client: 'Program' }]);
  expect(recorder.state()).toEqual({ waiting: 0, lost: 0, flooded: 0 });
});

test('all clicks of a scan are marked, the first one too', async () => {
  const { recorder, written, pass } = setUp();
  const one = subject(0);
  const who = {
    ...visitor,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  };
  for (const link of [0, 1, 2, 3]) {
    recorder.record({ type: 'clicked', at: AT, subject: one, visitor: who, link, url: 'https://a.example/' });
    await pass(400);
  }
  await pass(3000);
  expect(written.map(({ machine, link }) => [machine, link])).toEqual(
    [0, 1, 2, 3].map((n) => ['scanner', n]),
  );
  expect(new Set(written.map(({ id }) => id)).size).toBe(4);
});

test('while nothing can be written hits wait, and come in their order with the ids they had', async () => {
  const { recorder, written, said, world, pass } = setUp();
  world.down = true;
  for (let n = 0; n < 1200; n++) recorder.record(opened(n));
  await pass(10_000);
  expect(recorder.state().waiting).toBe(1200);
  expect(said).toEqual(['Opens and clicks wait in memory: they cannot be written now.']);
  world.down = false;
  await pass(3000);
  expect(written.map(({ delivery }) => Number(delivery.split('-')[1]))).toEqual(
    Array.from({ length: 1200 }, (_, n) => n + 1),
  );
  expect(said.at(-1)).toBe('Opens and clicks are written again.');
});

test('a batch whose answer was lost is written again under the same ids', async () => {
  const seen: string[][] = [];
  const { recorder, pass } = setUp({
    append: (events) => {
      seen.push(events.map(({ id }) => id));
      return seen.length === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve();
    },
  });
  recorder.record(opened(1));
  recorder.record(opened(2));
  await pass(5000);
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
});

test('100,000 hits while Redis is away cost bounded memory; what is lost is counted and told once a minute', async () => {
  const { recorder, said, world, pass } = setUp();
  world.down = true;
  for (let n = 0; n < 100_000; n++) recorder.record(opened(n));
  expect(recorder.state()).toEqual({ waiting: MAX_WAITING, lost: 100_000 - MAX_WAITING, flooded: 0 });
  await pass(61_000);
  const told = (): string[] => said.filter((one) => one.includes('were not recorded'));
  expect(told()).toHaveLength(1);
  await pass(120_000);
  expect(told()).toHaveLength(1);
  recorder.record(opened(1));
  await pass(61_000);
  expect(told()).toHaveLength(2);
});

test('more hits in two seconds than there is room for are written before their time, and none is lost', async () => {
  const { recorder, written, pass } = setUp();
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 6000; n++) recorder.record(opened(round * 6000 + n));
    await pass(200);
  }
  expect(recorder.state().lost).toBe(0);
  expect(written.length).toBeGreaterThan(40_000);
});

test('one letter that is hit over and over is not written down for ever', () => {
  const { recorder } = setUp();
  const hit = opened();
  for (let n = 0; n < 1500; n++) recorder.record(hit);
  expect(recorder.state()).toEqual({ waiting: 1000, lost: 0, flooded: 500 });
});

test('details that are kept elsewhere are found, and an event comes without them when they are gone', async () => {
  const kept = JSON.stringify({ sender: 'b@shop.example', tags: ['x'], metadata: { a: 'b' } });
  const { recorder, written, pass } = setUp({
    find: (key) => Promise.resolve(key === 'here' ? kept : undefined),
  });
  for (const stored of ['here', 'gone'])
    recorder.record({ type: 'opened', at: AT, subject: { ...subject(0), details: { stored } }, visitor });
  await pass(3000);
  expect(written).toMatchObject([
    { sender: 'b@shop.example', tags: ['x'], metadata: { a: 'b' } },
    { sender: '' },
  ]);
});

test('a stop writes at once what waits, in batches', async () => {
  const { recorder, batches } = setUp();
  for (let n = 0; n < 1200; n++) recorder.record(opened(n));
  await recorder.stop(1000);
  expect(batches).toEqual([500, 500, 200]);
});

test('a stop while nothing can be written ends in time, and tells what is lost', async () => {
  const { recorder, said, world, pass } = setUp();
  world.down = true;
  recorder.record(opened());
  const stopped = recorder.stop(1000);
  await pass(2000);
  await stopped;
  expect(said.at(-1)).toContain('were not recorded');
});
