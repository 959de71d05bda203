// A pace lets no more through than its rate says, in any window, whoever asks when.
import { describe, expect, test } from 'vitest';
import { Pace } from '../../../../src/deliver/shaping/pace.ts';
import { parseRate } from '../../../../src/lib/rate.ts';

const make = (rate: string): Pace => {
  const pace = new Pace();
  pace.rate = parseRate(rate);
  return pace;
};

/** Times at which one of a crowd goes that asks again exactly when it was told to. */
function times(pace: Pace, until: number): number[] {
  const gone: number[] = [];
  for (let now = 0; now < until;) {
    const wait = pace.waitMs(now);
    if (wait === 0) {
      pace.take(now);
      gone.push(now);
    } else now += wait;
  }
  return gone;
}

describe.each([
  ['1/min', 60_000, 1],
  ['60/min', 60_000, 60],
  ['10/s', 1000, 10],
  ['500/d', 86_400_000, 500],
  ['100/s', 1000, 100],
])('%s', (rate, window, most) => {
  test('is never exceeded in any window and fully used', () => {
    const gone = times(make(rate), window * 3);
    const burst = most / (window / 50) > 1 ? Math.ceil(most / (window / 50)) : 0;
    for (const [i, at] of gone.entries()) {
      const inWindow = gone.slice(i).filter((other) => other < at + window - 0.001).length;
      expect(inWindow).toBeLessThanOrEqual(most + burst);
    }
    expect(gone.length).toBeGreaterThanOrEqual(most * 3);
    expect(gone.length).toBeLessThanOrEqual(most * 3 + burst);
  });
});

test('a quiet time is not saved up', () => {
  const pace = make('60/min');
  pace.take(0);
  expect(pace.waitMs(600_000)).toBe(0);
  pace.take(600_000);
  expect(pace.waitMs(600_000)).toBe(1000);
});

test('one that could not wait is made up for', () => {
  const pace = make('60/min');
  for (let i = 0; i < 5; i++) pace.take(0);
  expect(pace.waitMs(0)).toBe(5000);
});

test('no rate lets all through; a rate that comes and goes holds from then on', () => {
  const pace = new Pace();
  for (let i = 0; i < 100; i++) {
    expect(pace.waitMs(i)).toBe(0);
    pace.take(i);
  }
  pace.rate = parseRate('1/min');
  expect(pace.waitMs(100)).toBe(0);
  pace.take(100);
  expect(pace.waitMs(100)).toBe(60_000);
  pace.rate = parseRate('60/min');
  expect(pace.waitMs(100)).toBe(1000);
  pace.rate = undefined;
  expect(pace.waitMs(100)).toBe(0);
});
