// Dates by PHP's letters.
import { expect, test } from 'vitest';
import { phpDate } from '../../../../src/compose/merge/php-date.ts';

const AFTERNOON = Date.UTC(2026, 2, 2, 15, 4, 5);
const MIDNIGHT = Date.UTC(2006, 10, 12, 0, 30);

test.each([
  ['Y-m-d H:i:s', '2026-03-02 15:04:05', '2006-11-12 00:30:00'],
  ['D, j M y', 'Mon, 2 Mar 26', 'Sun, 12 Nov 06'],
  ['l jS F', 'Monday 2nd March', 'Sunday 12th November'],
  ['g:i a h A G', '3:04 pm 03 PM 15', '12:30 am 12 AM 0'],
  ['N w n', '1 1 3', '7 0 11'],
  ['\\Y Y x é 1 \\', 'Y 2026 x é 1 \\', 'Y 2006 x é 1 \\'],
  ['', '', ''],
])('%s', (format, afternoon, midnight) => {
  expect(phpDate(format, AFTERNOON)).toBe(afternoon);
  expect(phpDate(format, MIDNIGHT)).toBe(midnight);
});

test.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [13, '13th'],
  [21, '21st'],
  [30, '30th'],
])('day %i is the %s', (day, written) => expect(phpDate('jS', Date.UTC(2026, 0, day))).toBe(written));
