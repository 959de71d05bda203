// Points in time: every way in which senders write them, and what is none.
import { expect, test } from 'vitest';
import { readTime } from '../../../../src/accept/dialects/time.ts';

const at = (...parts: [number, number, number, number?, number?, number?]): number => {
  const [year, month, ...rest] = parts;
  return Date.UTC(year, month - 1, ...rest);
};

test.each<[string, number]>([
  ['2026-05-01T09:00:00Z', at(2026, 5, 1, 9)],
  ['2026-05-01T09:00:00.123456Z', at(2026, 5, 1, 9)],
  ['2026-05-01T09:00+02:00', at(2026, 5, 1, 7)],
  ['2026-05-01t09:00:30-0330', at(2026, 5, 1, 12, 30, 30)],
  ['2026-05-01 09:00:00', at(2026, 5, 1, 9)],
  ['2026-05-01 09:00:00 UTC', at(2026, 5, 1, 9)],
  ['2026-05-01 09:00:00 +02', at(2026, 5, 1, 7)],
  ['2026-05-01', at(2026, 5, 1)],
  ['2024-02-29T23:59:60Z', at(2024, 3, 1)],
  ['Fri, 01 May 2026 09:00:00 +0200', at(2026, 5, 1, 7)],
  ['1 May 2026 09:00 GMT', at(2026, 5, 1, 9)],
  ['Fri, 1 May 26 09:00:00 EST', at(2026, 5, 1, 14)],
  ['Fri, 1 May 97 09:00:00 -0000 (comment)', at(1997, 5, 1, 9)],
  ['Fri, 14 Oct 2011 12:00:00 0000', at(2011, 10, 14, 12)],
  ['0', 0],
  ['1409348513', 1_409_348_513_000],
  ['1409348513.5', 1_409_348_513_500],
  ['1409348513000', 1_409_348_513_000],
])('%s', (text, want) => expect(readTime(text)).toBe(want));

test.each([
  '',
  'now',
  '-5',
  '1e9',
  '99999999999999',
  '2026-02-30T00:00Z',
  '2026-00-01',
  '2026-13-01',
  '2026-05-01T24:00Z',
  '2026-05-01T09:60Z',
  '2026-05-01T09:00:61Z',
  '2026-05-01T09:00Zulu',
  '20260501T090000Z',
  '05/01/2026 09:00',
  'Fri, 32 May 2026 09:00:00 +0200',
  'Fri, 1 Mai 2026 09:00:00 +0200',
  'Fri, 1 May 2026 09:00:00 XYZ',
  'Fri, 1 May 2026 09:00:00 con',
])('%j is no point in time', (text) => expect(readTime(text)).toBeUndefined());
