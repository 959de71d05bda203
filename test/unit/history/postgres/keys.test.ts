// Look-ups by keys: one in the index for each, in the partitions of their days only.
import { expect, test } from 'vitest';
import { byKeys, onDays } from '../../../../src/history/postgres/keys.ts';

const DAY = 86_400_000;
const at = (day: number, ms = 5): { made: number } => ({ made: day * DAY + ms });
const range = (from: number, to: number, table = 'd'): string =>
  `${table}.made >= ${from * DAY} AND ${table}.made < ${to * DAY}`;

test.each([
  ['nothing', [], 'AND false'],
  ['one', [at(3)], `AND (${range(3, 4)})`],
  ['the same day again', [at(3), at(3, DAY - 1)], `AND (${range(3, 4)})`],
  ['neighbours, in any order', [at(4), at(3), at(5)], `AND (${range(3, 6)})`],
  ['days apart', [at(400), at(3), at(4)], `AND (${range(3, 5)} OR ${range(400, 401)})`],
  ['the first day of all', [at(0, 0)], `AND (${range(0, 1)})`],
] as const)('days of %s', (_, keys, expected) => {
  expect(onDays(keys)).toBe(expected);
});

test('of any table', () => {
  expect(onDays([at(1)], 'e')).toBe(`AND (${range(1, 2, 'e')})`);
});

test('a look-up is no join', () => {
  expect(
    byKeys('k (made, name)', { kinds: ['bigint', 'text'], select: 'x FROM t WHERE a = k.made LIMIT 1' }),
  ).toBe(
    'SELECT f.* FROM unnest($1::bigint[], $2::text[]) AS k (made, name) CROSS JOIN LATERAL (SELECT x FROM t WHERE a = k.made LIMIT 1) AS f',
  );
});
