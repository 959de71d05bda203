import { expect, test } from 'vitest';
import { base32Digit, fromBase32, toBase32 } from '../../../src/lib/base32.ts';

const cases = [
  [0, 1, '0'],
  [31, 1, 'Z'],
  [32, 1, '10'],
  [1, 4, '0001'],
  [2 ** 48 - 1, 10, '7ZZZZZZZZZ'],
  [2 ** 40 - 1, 8, 'ZZZZZZZZ'],
] as const;

test.each(cases)('%i in %i characters is %s, and read back in either case', (value, chars, text) => {
  expect(toBase32(value, chars)).toBe(text);
  expect(fromBase32(text)).toBe(value);
  expect(fromBase32(text.toLowerCase())).toBe(value);
});

test('a digit stands for five bits, whatever is above them', () =>
  expect([0, 31, 32, 255].map(base32Digit)).toEqual(['0', 'Z', '0', 'Z']));
