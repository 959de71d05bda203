// A warm-up goes on, stands still, slips back and ends by what left on each day.
import { describe, expect, test } from 'vitest';
import { DEFAULT_CURVE, warmupConfig } from '../../../../src/deliver/warmup/config.ts';
import {
  ageOf,
  begun,
  capOf,
  judgeDay,
  judgeDays,
  OTHERS,
  type DayCounts,
} from '../../../../src/deliver/warmup/progress.ts';
import { plusDays } from '../../../../src/lib/day.ts';

const config = warmupConfig.parse({});
const counts = (
  figures: Readonly<Record<string, readonly [used: number, deferred?: number, bounced?: number]>>,
): DayCounts => {
  const column = (n: 0 | 1 | 2): Map<string, number> =>
    new Map(Object.entries(figures).map(([name, row]) => [name, row[n] ?? 0]));
  return { used: column(0), deferred: column(1), bounced: column(2) };
};

describe('the default curve', () => {
  test('has 30 days, always rises, and never more than doubles', () => {
    expect(DEFAULT_CURVE).toHaveLength(30);
    DEFAULT_CURVE.forEach((cap, index) => {
      const before = DEFAULT_CURVE[index - 1];
      if (before === undefined) return;
      expect(cap).toBeGreaterThan(before);
      expect(cap).toBeLessThanOrEqual(2 * before);
    });
  });
});

describe('a day', () => {
  test.each([
    ['is good', { used: 100, deferred: 20, bounced: 5 }, 'counts'],
    ['has too few messages to say anything', { used: 19, deferred: 19, bounced: 0 }, 'counts'],
    ['has many deferrals', { used: 100, deferred: 21, bounced: 0 }, 'stands'],
    ['has many bounces', { used: 100, deferred: 0, bounced: 6 }, 'stands'],
    ['has twice too many deferrals', { used: 100, deferred: 41, bounced: 0 }, 'back'],
    ['has twice too many bounces', { used: 100, deferred: 0, bounced: 11 }, 'back'],
    ['is at twice the limit', { used: 100, deferred: 40, bounced: 10 }, 'stands'],
    ['was put off by all', { used: 100, deferred: 100, bounced: 0 }, 'back'],
  ] as const)('that %s', (_, figures, verdict) => expect(judgeDay(figures, config)).toBe(verdict));

  test('stands for any bounce where none is allowed, and for none where all are', () => {
    const strict = warmupConfig.parse({ slip: { bounces: 0, deferrals: 1 } });
    expect(judgeDay({ used: 100, deferred: 100, bounced: 0 }, strict)).toBe('counts');
    expect(judgeDay({ used: 100, deferred: 0, bounced: 1 }, strict)).toBe('back');
  });
});

describe('a warm-up', () => {
  const start = '2026-11-25';
  const fresh = begun(start, '192.0.2.1', start);

  test('is in its first day when it begins, and one older each day', () => {
    for (let days = 0; days < 30; days++) {
      const day = plusDays(start, days);
      const now = judgeDays(fresh, day, () => counts({ gmail: [50] }), config);
      expect(ageOf(now, 'gmail', day)).toBe(days + 1);
      expect(capOf(now, { provider: 'gmail', day }, config)).toBe(DEFAULT_CURVE[days]);
    }
  });

  test('that began earlier is older, and one that is to begin later is in its first day', () => {
    expect(ageOf(begun('2026-11-16', 'a', start), 'x', start)).toBe(10);
    expect(ageOf(begun('2026-12-24', 'a', start), 'x', start)).toBe(1);
    const later = begun('2026-12-24', 'a', start);
    expect(
      ageOf(
        judgeDays(later, '2026-12-25', () => counts({ x: [1] }), config),
        'x',
        '2026-12-25',
      ),
    ).toBe(2);
  });

  test('goes on where it was after days on which nothing left', () => {
    const worked = (day: string): DayCounts | undefined =>
      day < '2026-11-28' ? counts({ gmail: [10] }) : undefined;
    const now = judgeDays(fresh, '2026-12-24', worked, config);
    // Three days worked: it is the fourth, however long it stood.
    expect(ageOf(now, 'gmail', '2026-12-24')).toBe(4);
    expect(ageOf(now, 'yahoo', '2026-12-24')).toBe(4);
  });

  test('a day whose every message was given back is a day on which nothing left', () => {
    const now = judgeDays(fresh, '2026-11-26', () => counts({ gmail: [0] }), config);
    expect(ageOf(now, 'gmail', '2026-11-26')).toBe(1);
  });

  test('stands still and slips back for the provider that complains, and for no other', () => {
    const good = (): DayCounts => counts({ gmail: [100], yahoo: [100] });
    const day5 = judgeDays(fresh, '2026-11-29', good, config);
    const stands = judgeDays(day5, '2026-11-30', () => counts({ gmail: [100, 25], yahoo: [100] }), config);
    expect(ageOf(stands, 'gmail', '2026-11-30')).toBe(5);
    expect(ageOf(stands, 'yahoo', '2026-11-30')).toBe(6);
    const back = judgeDays(stands, '2026-12-01', () => counts({ gmail: [100, 90], yahoo: [100] }), config);
    expect(ageOf(back, 'gmail', '2026-12-01')).toBe(3);
    expect(ageOf(back, 'yahoo', '2026-12-01')).toBe(7);
    expect(ageOf(judgeDays(back, '2026-12-02', good, config), 'gmail', '2026-12-02')).toBe(4);
  });

  test('never falls below its first day, however bad it gets, and climbs from there', () => {
    let now = fresh;
    for (let days = 1; days <= 40; days++) {
      now = judgeDays(now, plusDays(start, days), () => counts({ gmail: [100, 100] }), config);
      expect(ageOf(now, 'gmail', plusDays(start, days))).toBe(1);
    }
    const after = judgeDays(now, plusDays(start, 41), () => counts({ gmail: [100] }), config);
    expect(ageOf(after, 'gmail', plusDays(start, 41))).toBe(2);
  });

  test('judges each day once, in one go or day by day', () => {
    const history = (day: string): DayCounts | undefined =>
      ({
        '2026-11-25': counts({ gmail: [100, 30] }),
        '2026-11-26': counts({ gmail: [100] }),
        '2026-11-28': counts({ gmail: [100, 0, 20] }),
      })[day];
    const atOnce = judgeDays(fresh, '2026-12-01', history, config);
    let daily = fresh;
    for (let days = 1; days <= 6; days++) daily = judgeDays(daily, plusDays(start, days), history, config);
    expect(daily).toEqual(atOnce);
    expect(judgeDays(atOnce, '2026-12-01', history, config)).toEqual(atOnce);
  });

  test('is over after the last day of every curve, and stays so', () => {
    const good = (): DayCounts => counts({ gmail: [10] });
    const slow = warmupConfig.parse({ curve: [10, 20], providers: { gmail: [1, 2, 3] }, others: [5] });
    const day3 = judgeDays(fresh, '2026-11-27', good, slow);
    expect(capOf(day3, { provider: 'yahoo', day: '2026-11-27' }, slow)).toBeUndefined();
    expect(capOf(day3, { provider: OTHERS, day: '2026-11-27' }, slow)).toBeUndefined();
    expect(capOf(day3, { provider: 'gmail', day: '2026-11-27' }, slow)).toBe(3);
    expect(day3.done).toBeUndefined();
    const day4 = judgeDays(day3, '2026-11-28', good, slow);
    expect(day4.done).toBe(true);
    // Months of silence and a longer curve do not begin it anew.
    const later = judgeDays(day4, '2027-06-01', () => undefined, config);
    expect(capOf(later, { provider: 'gmail', day: '2027-06-01' }, config)).toBeUndefined();
  });
});
