// CSV: fields and records there and back, and whatever a stranger uploads.
import { expect, test } from 'vitest';
import { csvField, markedField, readCsv, withoutMark, type Separator } from '../../../src/lib/csv.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const read = (text: string, separator?: Separator) =>
  [...readCsv(text, separator)].map(({ fields }) => fields);

test.each([
  ['', []],
  ['a', [['a']]],
  ['a,b\n', [['a', 'b']]],
  [
    'a,\r\nb,"c ""d"", e"\r',
    [
      ['a', ''],
      ['b', 'c "d", e'],
    ],
  ],
  ['"line\r\nbreak",x', [['line\r\nbreak', 'x']]],
  ['a,', [['a', '']]],
  ['\n\nx', [[''], [''], ['x']]],
  ['"open', [['"open']]],
])('%j', (text, records) => {
  expect(read(text)).toEqual(records);
});

test('a semicolon may stand between fields, and a record knows the line it begins in', () => {
  expect([...readCsv('a;"b;\r\nc"\n\nd,e', ';')]).toEqual([
    { line: 1, fields: ['a', 'b;\r\nc'] },
    { line: 3, fields: [''] },
    { line: 4, fields: ['d,e'] },
  ]);
});

test('no text is a formula in a spreadsheet, and each is itself again when it is read', () => {
  const random = randomFrom(11);
  const alphabet = "='+-@\t\ra".split('');
  for (let round = 0; round < rounds(3000); round++) {
    const text = Array.from({ length: random(5) }, () => alphabet[random(alphabet.length)]).join('');
    const [[field = ''] = ['']] = read(markedField(text));
    expect(field).not.toMatch(/^[=+\-@\t\r]/);
    expect(withoutMark(field)).toBe(text);
  }
});

test('what is written is read again, and nothing is read without an end', () => {
  const random = randomFrom(7);
  const alphabet = 'ab,"\r\n \'=é'.split('');
  const text = (): string =>
    Array.from({ length: random(9) }, () => alphabet[random(alphabet.length)]).join('');
  for (let round = 0; round < rounds(3000); round++) {
    const fields = Array.from({ length: 1 + random(4) }, text);
    expect(read(`${fields.map(csvField).join(',')}\r\nend\r\n`)).toEqual([fields, ['end']]);
    expect([...readCsv(text())].length).toBeLessThan(20);
  }
  const started = performance.now();
  expect([...readCsv('"'.repeat(1_000_001))].length).toBeGreaterThan(0);
  expect([...readCsv(`"${'a'.repeat(1_000_000)}`)]).toHaveLength(1);
  expect(performance.now() - started).toBeLessThan(2000);
});
