// What a follower of the event log gets from memory: what is new for it, more at a time the longer it was busy.
import { expect, test } from 'vitest';
import type { Recorded } from '../../../src/events/line.ts';
import { makeRing } from '../../../src/events/ring.ts';

const START = { ms: 0, seq: 0, n: 0 };
const LIMITS = { events: 10_000, bytes: 1_000_000 };

// oxlint-disable-next-line no-unsafe-type-assertion -- a ring looks at cursors alone
const recorded = (ms: number) => ({ cursor: { ms, seq: 0, n: 0 }, event: {} }) as Recorded;
const batch = (from: number, count: number) => ({
  events: Array.from({ length: count }, (_, i) => recorded(from + i)),
  bytes: count,
});
const moments = (events: readonly Recorded[] | undefined) => events?.map(({ cursor }) => cursor.ms);

test('who was busy gets what came meanwhile in one batch, in order', () => {
  const ring = makeRing(START, LIMITS);
  const place = ring.join(START);
  for (const from of [1, 3, 5]) ring.put(batch(from, 2));
  expect(moments(ring.take(place))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(ring.take(place)).toBeUndefined();
});

test('a batch as it was put is handed to all as it is', () => {
  const ring = makeRing(START, LIMITS);
  const places = [ring.join(START), ring.join(START)];
  const put = batch(1, 3);
  ring.put(put);
  for (const place of places) expect(ring.take(place)).toBe(put.events);
});

test('what is joined has a bound, and what is larger by itself stays whole', () => {
  const ring = makeRing(START, LIMITS);
  const place = ring.join(START);
  for (const [from, count] of [
    [1, 1500],
    [1501, 500],
    [2001, 1],
    [2002, 3000],
  ] as const)
    ring.put(batch(from, count));
  expect([ring.take(place), ring.take(place), ring.take(place)].map((one) => one?.length)).toEqual([
    2000, 1, 3000,
  ]);
});

test('what a follower has had already is left out of what is joined', () => {
  const ring = makeRing(START, LIMITS);
  const place = ring.join({ ms: 3, seq: 0, n: 0 });
  ring.put(batch(1, 2));
  ring.put(batch(2, 3));
  ring.put(batch(5, 1));
  expect(moments(ring.take(place))).toEqual([4, 5]);
});
