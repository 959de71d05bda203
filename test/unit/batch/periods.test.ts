// Periods of exports: hours in UTC, days in a zone, also where clocks change.
import { expect, test } from 'vitest';
import { beginOf, periodFrom } from '../../../src/batch/periods.ts';

const at = (text: string): number => Date.parse(text);

test.each([
  ['2026-03-10T12:59:59Z', 'hour', 'UTC', '2026-03-10T12:00:00Z', '2026-03-10T13:00:00Z', '2026-03-10T12'],
  ['2026-03-10T12:00:00Z', 'day', 'UTC', '2026-03-10T00:00:00Z', '2026-03-11T00:00:00Z', '2026-03-10'],
  // 23 hours: clocks go forward.
  [
    '2026-03-29T10:00:00Z',
    'day',
    'Europe/Rome',
    '2026-03-28T23:00:00Z',
    '2026-03-29T22:00:00Z',
    '2026-03-29',
  ],
  [
    '2026-10-25T10:00:00Z',
    'day',
    'Europe/Rome',
    '2026-10-24T22:00:00Z',
    '2026-10-25T23:00:00Z',
    '2026-10-25',
  ],
  // Midnight does not exist on this day.
  [
    '2026-09-06T12:00:00Z',
    'day',
    'America/Santiago',
    '2026-09-06T04:00:00Z',
    '2026-09-07T03:00:00Z',
    '2026-09-06',
  ],
] as const)('%s by %s in %s', (moment, every, zone, from, until, name) => {
  const begin = beginOf(at(moment), every, zone);
  expect(new Date(begin).toISOString()).toBe(new Date(from).toISOString());
  expect(periodFrom(begin, every, zone)).toEqual({ from: at(from), until: at(until), name });
});
