// Rates: what people write, and what is slower than what.
import { expect, test } from 'vitest';
import { parseRate, rateSchema, sayRate, slower } from '../../../src/lib/rate.ts';

test.each([
  ['100/min', { count: 100, perMs: 60_000 }, '100/min'],
  [' 10 / s ', { count: 10, perMs: 1000 }, '10/s'],
  ['2/hour', { count: 2, perMs: 3_600_000 }, '2/h'],
  ['500/d', { count: 500, perMs: 86_400_000 }, '500/d'],
])('%s', (text, rate, said) => {
  expect(parseRate(text)).toEqual(rate);
  expect(sayRate(rate)).toBe(said);
});

test.each(['', '0/min', '-1/min', '1.5/min', '100', '100/', '/min', '100/month', '1/min/h', '9999999999/s'])(
  '"%s" is none',
  (text) => {
    expect(parseRate(text)).toBeUndefined();
    expect(rateSchema.safeParse(text).success).toBe(false);
  },
);

test('the slower of two is told by what comes in the same time; no rate is quicker than any', () => {
  const minute = { count: 60, perMs: 60_000 };
  const day = { count: 500, perMs: 86_400_000 };
  expect([
    slower(minute, day),
    slower(day, minute),
    slower(undefined, minute),
    slower(minute, undefined),
  ]).toEqual([day, day, minute, minute]);
  expect(slower(undefined, undefined)).toBeUndefined();
});
