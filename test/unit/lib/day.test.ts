// Days in time zones: where clocks change, where they change at midnight, and where a day is missing.
import { describe, expect, test } from 'vitest';
import { dayBegunAt, dayOf, daysBetween, isTimeZone, nextDayAt, plusDays } from '../../../src/lib/day.ts';

const HOUR = 3_600_000;

describe('the day of a moment', () => {
  const at = Date.UTC(2026, 10, 25, 23, 30);
  test.each([
    ['UTC', '2026-11-25'],
    ['Europe/Rome', '2026-11-26'],
    ['America/New_York', '2026-11-25'],
    ['Pacific/Kiritimati', '2026-11-26'],
  ])('in %s', (zone, day) => expect(dayOf(at, zone)).toBe(day));

  test.each([
    ['UTC', true],
    ['Europe/Rome', true],
    ['Middle/Earth', false],
    ['', false],
  ])('knows of %j whether it is a zone', (zone, is) => expect(isTimeZone(zone)).toBe(is));
});

describe('the next day', () => {
  test.each([
    ['an ordinary day', 'UTC', Date.UTC(2026, 0, 1, 5), Date.UTC(2026, 0, 2)],
    ['its first moment', 'UTC', Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)],
    ['its last moment', 'UTC', Date.UTC(2026, 0, 2) - 1, Date.UTC(2026, 0, 2)],
    ['a day of 23 hours', 'Europe/Rome', Date.UTC(2026, 2, 28, 23), Date.UTC(2026, 2, 29, 22)],
    ['a day of 25 hours', 'Europe/Rome', Date.UTC(2026, 9, 24, 22), Date.UTC(2026, 9, 25, 23)],
    ['half an hour', 'Asia/Kolkata', Date.UTC(2026, 0, 1, 0), Date.UTC(2026, 0, 1, 18, 30)],
    // Clocks went from 24:00 to 01:00: there was no midnight.
    ['a day without a midnight', 'Africa/Cairo', Date.UTC(2026, 3, 23, 12), Date.UTC(2026, 3, 23, 22)],
    // Samoa had no 30 December 2011.
    ['a day that is missing', 'Pacific/Apia', Date.UTC(2011, 11, 29, 20), Date.UTC(2011, 11, 30, 10)],
  ])('after %s', (_, zone, at, next) => {
    expect(nextDayAt(at, zone)).toBe(next);
    expect(dayOf(next - 1, zone)).toBe(dayOf(at, zone));
    expect(dayOf(next, zone) > dayOf(at, zone)).toBe(true);
    const begun = dayBegunAt(at, zone);
    expect([dayOf(begun, zone), dayOf(begun - 1, zone) < dayOf(at, zone)]).toEqual([dayOf(at, zone), true]);
    expect(dayBegunAt(next, zone)).toBe(next);
    expect(dayBegunAt(next - 1, zone)).toBe(begun);
  });

  test('comes after every hour of two years in a zone that changes its clocks', () => {
    for (const zone of ['Europe/Rome', 'America/Santiago', 'Australia/Lord_Howe'])
      for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2028, 0, 1); at += 37 * HOUR) {
        const next = nextDayAt(at, zone);
        expect(next).toBeGreaterThan(at);
        expect(next - at).toBeLessThanOrEqual(25 * HOUR);
        expect(dayOf(next - 1, zone)).toBe(dayOf(at, zone));
        expect(dayOf(next, zone)).toBe(plusDays(dayOf(at, zone), 1));
        expect(nextDayAt(dayBegunAt(at, zone), zone)).toBe(next);
      }
  });
});

test('days are counted over leap years and clock changes', () => {
  expect(daysBetween('2028-02-28', '2028-03-01')).toBe(2);
  expect(daysBetween('2026-03-01', '2026-04-01')).toBe(31);
  expect(daysBetween('2026-11-25', '2026-11-24')).toBe(-1);
  expect(plusDays('2026-12-31', 1)).toBe('2027-01-01');
  expect(plusDays('2026-01-01', -1)).toBe('2025-12-31');
});
