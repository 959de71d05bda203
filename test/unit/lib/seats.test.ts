// Seats: so many at a time, in the order in which they came, and without those who left.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeSeats } from '../../../src/lib/seats.ts';

test('the others wait in order, and who leaves is passed over', async () => {
  const seats = makeSeats(1);
  const order: string[] = [];
  const leaving = new AbortController();
  const ends = new Map<string, (() => void) | undefined>();
  const come = async (name: string, signal?: AbortSignal): Promise<void> => {
    ends.set(name, await seats.take(signal));
    order.push(name);
  };
  const all = [come('a'), come('b'), come('c', leaving.signal), come('d')];
  await setImmediate();
  expect(order).toEqual(['a']);
  leaving.abort();
  await setImmediate();
  expect(order).toEqual(['a', 'c']);
  expect(ends.get('c')).toBeUndefined();
  ends.get('a')?.();
  ends.get('a')?.();
  await setImmediate();
  expect(order).toEqual(['a', 'c', 'b']);
  ends.get('b')?.();
  await Promise.all(all);
  expect(order).toEqual(['a', 'c', 'b', 'd']);
});

test('who has left before it asks does not wait', async () => {
  const seats = makeSeats(1);
  await seats.take();
  expect(await seats.take(AbortSignal.abort())).toBeUndefined();
  const late = await Promise.race([seats.take().then(() => 'taken'), setImmediate('waits')]);
  expect(late).toBe('waits');
});

test('no more wait than may', async () => {
  const seats = makeSeats(2, 1);
  const [first] = [await seats.take(), await seats.take()];
  const third = seats.take();
  expect(await seats.take()).toBeUndefined();
  first?.();
  expect(await third).toBeDefined();
  const fifth = seats.take();
  expect(await seats.take()).toBeUndefined();
  (await third)?.();
  expect(await fifth).toBeDefined();
});
