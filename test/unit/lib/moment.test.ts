import { expect, test } from 'vitest';
import { sayMoment } from '../../../src/lib/moment.ts';

test.each([
  ['second', '2026-01-31 23:59:07'],
  ['minute', '2026-01-31 23:59'],
  ['day', '2026-01-31'],
] as const)('a moment to the %s', (to, text) =>
  expect(sayMoment(Date.UTC(2026, 0, 31, 23, 59, 7, 999), to)).toBe(text),
);
