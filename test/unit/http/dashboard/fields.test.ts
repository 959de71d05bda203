// Merge fields as people write them, one a line: read back as they were, whatever stands in them.
import { expect, test } from 'vitest';
import { fieldsIn, sayFields } from '../../../../src/http/dashboard/pages/recipients/data.ts';
import { randomOf } from '../../../support/history-events.ts';

test.each([
  ['city = Torino', { city: 'Torino' }],
  ['  city=Torino  \n\n card = gold ', { city: 'Torino', card: 'gold' }],
  ['formula = a = b', { formula: 'a = b' }],
  ['empty', { empty: '' }],
  ['= nothing', {}],
  ['lines = a\\nb', { lines: 'a\nb' }],
  ['path = C:\\\\new', { path: 'C:\\new' }],
  ['__proto__ = x', JSON.parse('{"__proto__":"x"}')],
  ['', {}],
])('%j', (text, fields) => {
  expect(fieldsIn(text)).toEqual(fields);
});

test('what is shown is read back the same', () => {
  const random = randomOf(11);
  const letters = ['a', 'Z', '1', ' ', '=', '\\', 'n', '\n', 'é', '"', '€', ';'];
  const word = (): string =>
    Array.from(
      { length: 1 + Math.floor(random() * 8) },
      () => letters[Math.floor(random() * letters.length)],
    ).join('');
  for (let turn = 0; turn < 2000; turn++) {
    // Spaces at the ends are the writer's, and a name has no "=" and no line end.
    const pairs = Array.from(
      { length: 3 },
      () => [word().replace(/[=\n]/g, '').trim(), word().trim()] as const,
    );
    const fields = Object.fromEntries(pairs.filter(([name]) => name !== ''));
    expect(fieldsIn(sayFields(fields))).toEqual(fields);
  }
});
