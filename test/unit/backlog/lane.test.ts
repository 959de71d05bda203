// Who is next in a lane: the urgent pass all others by, everybody else keeps the order of its like.
import { expect, test } from 'vitest';
import {
  hasFreeSeat,
  hasSlot,
  keepSeat,
  mayPassBy,
  newLane,
  nextOf,
  roomOf,
  sitDown,
  type Guest,
} from '../../../src/backlog/lane.ts';
import type { Priority } from '../../../src/model/instructions.ts';

const guest = (ref: string, priority: Priority): Guest => ({
  job: { ref, run: 1, domain: 'a.test', priority },
  attempt: async () => undefined,
  begun: () => undefined,
});

test('guests go by urgency, then as they came', () => {
  const lane = newLane('l', 10);
  const coming: readonly [string, Priority][] = [
    ['c1', 3],
    ['e1', 5],
    ['c2', 3],
    ['a1', 1],
    ['b1', 2],
    ['a2', 1],
    ['e2', 5],
  ];
  for (const [ref, priority] of coming) sitDown(lane, guest(ref, priority));
  expect(lane.urgent).toBe(2);
  const order = coming.map(() => nextOf(lane)?.job.ref);
  expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'c2', 'e1', 'e2']);
  expect([lane.urgent, nextOf(lane)]).toEqual([0, undefined]);
});

test('the urgent begin before those who wait, but not before the urgent', () => {
  const lane = newLane('l', 2);
  lane.listed = true;
  expect([hasSlot(lane, 3), hasSlot(lane, 1)]).toEqual([false, true]);
  lane.urgentListed = true;
  expect(hasSlot(lane, 1)).toBe(false);
  lane.urgentListed = false;
  sitDown(lane, guest('a', 1));
  expect(hasSlot(lane, 1)).toBe(false);
  nextOf(lane);
  lane.active = 2;
  expect(hasSlot(lane, 1)).toBe(false);
});

test('a full or listed lane has a seat for the urgent alone, and for as many of them as may be on their way', () => {
  const lane = newLane('l', 2);
  lane.listed = true;
  expect([hasFreeSeat(lane), mayPassBy(lane, 2), mayPassBy(lane, 1)]).toEqual([false, false, true]);
  const giveUp = [keepSeat(lane, 1), keepSeat(lane, 1)];
  expect(mayPassBy(lane, 1)).toBe(false);
  for (const free of giveUp) free();
  expect([lane.kept, lane.urgent, mayPassBy(lane, 1)]).toEqual([0, 0, true]);
  lane.urgentListed = true;
  expect(mayPassBy(lane, 1)).toBe(false);
});

test('a lane has room for twice its limit, or for a quarter of a second', () => {
  const lane = newLane('l', 2);
  expect(roomOf(lane)).toBe(4);
  lane.pace = 400;
  expect(roomOf(lane)).toBe(100);
});
