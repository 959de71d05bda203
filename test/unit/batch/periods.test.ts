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

test.each([
  'UTC',
  'Europe/Rome',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Pacific/Apia',
])('days in %s follow each other, each whole and with a name of its own', (zone) => {
  let from = beginOf(at('2025-12-31T12:00:00Z'), 'day', zone);
  const names = new Set<string>();
  for (let n = 0; n < 400; n++) {
    const period = periodFrom(from, 'day', zone);
    expect(period.name).toMatch(/^\d{4}-\d\d-\d\d$/);
    names.add(period.name);
    from = period.until;
  }
  expect(names.size).toBe(400);
});

test('what is left of a day after the zone was changed does not take the name of a day that was written', () => {
  const rome = periodFrom(beginOf(at('2026-03-10T12:00:00Z'), 'day', 'Europe/Rome'), 'day', 'Europe/Rome');
  const rest = periodFrom(rome.until, 'day', 'UTC');
  expect([rome.name, rest.name]).toEqual(['2026-03-10', '2026-03-10T23']);
  expect(periodFrom(rest.until, 'day', 'UTC').name).toBe('2026-03-11');
});
