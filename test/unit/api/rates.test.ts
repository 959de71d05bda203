// Buckets of requests: a burst, then a steady rate, each key by itself.
import { expect, test } from 'vitest';
import { makeBuckets } from '../../../src/api/rates.ts';

test('a bucket holds a burst, fills steadily, and is of one key', () => {
  let now = 0;
  const bucket = makeBuckets({ rate: { count: 60, perMs: 60_000 }, burst: 3 }, { ticks: () => now });
  expect([1, 2, 3, 4].map(() => bucket.take('a'))).toEqual([0, 0, 0, 1000]);
  expect(bucket.take('b')).toBe(0);
  now = 400;
  expect(bucket.take('a')).toBe(600);
  now = 1000;
  expect(bucket.take('a')).toBe(0);
  expect(bucket.take('a')).toBe(1000);
  bucket.give('a');
  expect(bucket.take('a')).toBe(0);
  now = 1_000_000;
  expect([1, 2, 3, 4].map(() => bucket.take('a'))).toEqual([0, 0, 0, 1000]);
  for (let i = 0; i < 10; i++) bucket.give('a');
  expect([1, 2, 3, 4].map(() => bucket.take('a'))).toEqual([0, 0, 0, 1000]);
});
