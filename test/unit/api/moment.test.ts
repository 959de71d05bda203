// Moments of a query: what is taken, and what is refused.
import { expect, test } from 'vitest';
import { moment } from '../../../src/api/moment.ts';

test.each([
  ['0', 0],
  ['1769853600000', 1_769_853_600_000],
  ['2026-01-31T10:00:00Z', 1_769_853_600_000],
  ['2026-01-31T11:00:00+01:00', 1_769_853_600_000],
  ['2026-01-31T10:00Z', 1_769_853_600_000],
  ['2026-01-31T10:00:00.250Z', 1_769_853_600_250],
  ['2026-01-31', 1_769_817_600_000],
])('%s', (text, ms) => {
  expect(moment.parse(text)).toBe(ms);
});

test.each([
  '',
  ' ',
  '-1',
  '1e3',
  '0x10',
  '9'.repeat(16),
  'yesterday',
  '2026-13-01',
  '2026-01-31T25:00:00Z',
  '2026-01-31T10:00:00',
  '1960-01-01',
  '2026-01-31T10:00:00Z; DROP TABLE',
])('refuses "%s"', (text) => {
  expect(moment.safeParse(text).success).toBe(false);
});
