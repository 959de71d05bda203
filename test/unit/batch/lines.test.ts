// Rows as lines: whatever is in a value, a row stays one row, and comes back as it was.
import { expect, test } from 'vitest';
import { headOf, lineOf } from '../../../src/batch/lines.ts';
import { readCsv, withoutMark } from '../../../src/lib/csv.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const COLUMNS = ['a', 'b'];
const csv = (row: object): string => lineOf({ ...row }, COLUMNS, 'csv');

test.each([
  [{ a: 'x', b: 'y' }, 'x,y\r\n'],
  [{ b: 1.5 }, ',1.5\r\n'],
  [{ a: -1, b: 0 }, '-1,0\r\n'],
  [{ a: null, b: undefined }, ',\r\n'],
  [{ a: true, b: false }, 'true,false\r\n'],
  [{ a: ['x', 2, null], b: [] }, 'x 2 ,\r\n'],
  [{ a: { x: 1 }, b: '' }, '"{""x"":1}",\r\n'],
  [{ a: 'one, "two"', b: 'line\r\nend' }, '"one, ""two""","line\r\nend"\r\n'],
  [{ a: 'x', c: 'not a column' }, 'x,\r\n'],
  [{ a: '=HYPERLINK("http://evil.example")', b: '+1' }, '"\'=HYPERLINK(""http://evil.example"")",\'+1\r\n'],
  [{ a: '@SUM(1)', b: '-2' }, "'@SUM(1),'-2\r\n"],
  [{ a: ['=1', 'x'], b: '\tx' }, "'=1 x,'\tx\r\n"],
])('%j', (row, want) => expect(csv(row)).toBe(want));

test('a head line for tables, and none for programs', () => {
  expect(headOf(COLUMNS, 'csv')).toBe('a,b\r\n');
  expect(headOf(COLUMNS, 'jsonl')).toBe('');
});

test('as JSON a row has what it has, on one line', () => {
  const row = { a: 'x\r\n\u2028y', b: undefined, c: { deep: ['=1'] } };
  const line = lineOf(row, COLUMNS, 'jsonl');
  expect(line.split('\n')).toHaveLength(2);
  expect(JSON.parse(line)).toEqual({ a: 'x\r\n\u2028y', c: { deep: ['=1'] } });
});

test('texts of strangers come back as they were, and none is a formula', () => {
  const below = randomFrom(11);
  const signs = Array.from('=+-@\t\r\n\'",; ab0\u00e8');
  for (let round = 0; round < rounds(5000); round++) {
    const text = (): string => Array.from({ length: below(6) }, () => signs[below(signs.length)]).join('');
    const row = { a: text(), b: text() };
    const records = [...readCsv(csv(row))];
    expect(records, JSON.stringify(row)).toHaveLength(1);
    const fields = records[0]?.fields ?? [];
    expect(fields.map(withoutMark)).toEqual([row.a, row.b]);
    for (const field of fields) expect(field).not.toMatch(/^[=+\-@\t\r]/);
  }
});
