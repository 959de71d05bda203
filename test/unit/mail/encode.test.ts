// Encoders against their decoders: what is written in 7 bits must read back the same.
import { describe, expect, test } from 'vitest';
import {
  base64Lines,
  decodeRaw,
  encodedPhrase,
  encodedWords,
  extendedValue,
  quotedPrintable,
} from '../../../src/mail/encode.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const decodeQuoted = (text: string): Buffer =>
  Buffer.from(
    text
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

describe('quoted-printable', () => {
  test.each([
    ['', ''],
    ['a=b\r\n', 'a=3Db\r\n'],
    ['ü\r\n', '=C3=BC\r\n'],
    ['end \r\nof\t\r\nlines ', 'end=20\r\nof=09\r\nlines=20'],
    ['a  b\tc\r\n', 'a  b\tc\r\n'],
    ['a\rb\nc', 'a=0Db=0Ac'],
    ['x'.repeat(76), 'x'.repeat(76)],
    ['x'.repeat(77), `${'x'.repeat(75)}=\r\nxx`],
  ])('%j', (text, want) => expect(quotedPrintable(Buffer.from(text)).toString()).toBe(want));

  test('any bytes come back, and no line is over 76 columns', () => {
    const random = randomFrom(3);
    const pieces = ['a', ' ', '\t', '\r\n', '\r', '\n', '=', '\xe4', '\x00', 'word ', '.'];
    for (let round = 0; round < rounds(2000); round++) {
      let text = '';
      for (let n = 0; n < 120; n++) {
        text += pieces[random(pieces.length)];
      }
      const written = quotedPrintable(Buffer.from(text, 'latin1')).toString('latin1');
      expect(decodeQuoted(written).toString('latin1')).toBe(text);
      expect(written.split('\r\n').every((line) => line.length <= 76 && !/[ \t]$/.test(line))).toBe(true);
    }
  });
});

test('encoded words never cut a character and never exceed 75 characters', () => {
  const text = 'äöü €uro 😀 '.repeat(20);
  const words = encodedWords(text).split(' ');
  expect(words.every((word) => word.length <= 75)).toBe(true);
  const read = words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString()).join('');
  expect(read).toBe(text);
});

test('a phrase loses its quotes', () => expect(encodedPhrase('"Ü \\"x\\""')).toBe(encodedWords('Ü "x"')));
test('raw bytes are UTF-8, or Windows-1252', () => {
  expect(decodeRaw(Buffer.from('Gruß €'))).toBe('Gruß €');
  expect(decodeRaw(Buffer.from([0x80, 0xfc]))).toBe('€ü');
});
test('base64 in lines of 76', () =>
  expect(base64Lines(Buffer.alloc(60)).toString()).toBe(`${'A'.repeat(76)}\r\nAAAA\r\n`));
test('RFC 2231 values', () =>
  expect(extendedValue("Rä (1)'s*.pdf")).toBe("utf-8''R%C3%A4%20%281%29%27s%2A.pdf"));
