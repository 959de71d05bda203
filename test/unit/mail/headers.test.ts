// The header scan: exact bytes of each field, where the body begins, and no input that leads it astray.
import { expect, test } from 'vitest';
import { fieldsNamed, scanHeaders, valueOf } from '../../../src/mail/headers.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const scan = (text: string) => {
  const bytes = Buffer.from(text, 'latin1');
  const block = scanHeaders(bytes);
  const fields = block.fields.map((field) => `${field.name}|${valueOf(bytes, field)}`);
  return { fields, body: text.slice(block.size), complete: block.complete };
};

test.each([
  ['usual', 'From: a\r\nTo: b\r\n\r\nHi', ['from|a', 'to|b'], 'Hi', true],
  ['folded', 'Subject: a\r\n b\r\n\tc\r\n\r\n', ['subject|a b\tc'], '', true],
  ['space before the colon', 'Subject \t: a\r\n\r\n', ['subject|a'], '', true],
  ['bare LF', 'A: b\nC: d\n\nHi', ['a|b', 'c|d'], 'Hi', true],
  ['an empty value', 'A:\r\nB: \r\n\r\n', ['a|', 'b|'], '', true],
  ['a colon in the value', 'A: b:c\r\n\r\n', ['a|b:c'], '', true],
  ['no empty line', 'A: b\r\n', ['a|b'], '', false],
  ['the end inside a field', 'A: b', ['a|b'], '', false],
  ['text where a field should be', 'A: b\r\nno field\r\n\r\nHi', ['a|b'], 'no field\r\n\r\nHi', false],
  ['a space in the name', 'A: b\r\nNot a field: x\r\n', ['a|b'], 'Not a field: x\r\n', false],
  ['a colon without a name', ': b\r\n', [], ': b\r\n', false],
  ['no header', '\r\nHi', [], 'Hi', true],
  ['nothing', '', [], '', false],
])('%s', (_, text, fields, body, complete) => expect(scan(text)).toEqual({ fields, body, complete }));

test('values are bytes', () => {
  const bytes = Buffer.from('A: ü\r\n\r\n');
  const [field] = fieldsNamed(scanHeaders(bytes), 'a');
  expect(field && valueOf(bytes, field)).toBe('Ã¼');
});

test('whatever comes, fields lie end to end from the first byte, and nothing is lost', () => {
  const random = randomFrom(5);
  const pieces = ['A', ':', ' ', '\t', '\r\n', '\r\n', '\n', '\r', '\xff', 'Subject: x', '\0', 'b'];
  for (let round = 0; round < rounds(5000); round++) {
    let text = '';
    for (let n = 0; n < 25; n++) {
      text += pieces[random(pieces.length)];
    }
    const bytes = Buffer.from(text, 'latin1');
    const { fields, size, complete } = scanHeaders(bytes);
    let at = 0;
    for (const field of fields) {
      expect(field.start).toBe(at);
      expect(field.valueStart).toBeLessThanOrEqual(field.end);
      expect(field.name).toMatch(/^[!-9;-~]+$/);
      at = field.end;
    }
    const gap = text.slice(at, size);
    expect(complete ? ['\n', '\r\n'] : ['']).toContain(gap);
  }
});
