// Seats: so many at a time, in the order in which they came, and without those who left.
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeSeats } from '../../../src/api/seats.ts';

const staying = new AbortController().signal;

test('the others wait in order, and who leaves is passed over', async () => {
  const seats = makeSeats(1);
  const order: string[] = [];
  const leaving = new AbortController();
  const ends = new Map<string, () => void>();
  const come = async (name: string, signal = staying): Promise<void> => {
    ends.set(name, await seats.take(signal));
    order.push(name);
  };
  const all = [come('a'), come('b'), come('c', leaving.signal), come('d')];
  await setImmediate();
  expect(order).toEqual(['a']);
  leaving.abort();
  await setImmediate();
  expect(order).toEqual(['a', 'c']);
  ends.get('c')?.();
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
  await seats.take(staying);
  const end = await seats.take(AbortSignal.abort());
  end();
  const late = await Promise.race([seats.take(staying).then(() => 'taken'), setImmediate('waits')]);
  expect(late).toBe('waits');
});
