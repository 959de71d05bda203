// Moments to come on the command line.
import { expect, test } from 'vitest';
import { readMoment } from '../../../src/cli/moment.ts';

const NOW = Date.UTC(2026, 0, 31, 9, 0, 0);
const HOUR = 3_600_000;

test.each([
  ['now', 0],
  ['+2h', 2 * HOUR],
  [' +1h30m ', 1.5 * HOUR],
  ['2026-01-31T10:00Z', HOUR],
  ['2026-01-31T10:00:30z', HOUR + 30_000],
  ['2026-01-31 10:00+01:00', 0],
  ['2026-01-31T03:00-0600', 0],
  ['2020-01-01T00:00Z', Date.UTC(2020, 0, 1) - NOW],
])('%s is read', (text, ahead) => {
  expect(readMoment(text, NOW)).toEqual({ ok: true, at: NOW + ahead });
});

test.each([
  '',
  'tomorrow',
  '2h',
  '+',
  '+2',
  '-2h',
  '2026-01-31',
  '2026-01-31T10:00',
  '2026-13-31T10:00Z',
  '2026-01-31T25:00Z',
  '+2y',
  '+400d',
  '2050-01-01T00:00Z',
  '+1e9d',
])('%s is not taken for a moment', (text) => {
  expect(readMoment(text, NOW).ok).toBe(false);
});
