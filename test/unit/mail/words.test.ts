// Encoded words: long runs, characters cut in two, charsets that nobody knows.
import { expect, test } from 'vitest';
import { decodeWords } from '../../../src/mail/words.ts';

const base64 = (bytes: Uint8Array): string => `=?UTF-8?B?${Buffer.from(bytes).toString('base64')}?=`;
const grin = Buffer.from('😀');

test.each([
  ['characters cut over base64 words', `${base64(grin.subarray(0, 1))} ${base64(grin.subarray(1))}`, '😀'],
  [
    'characters cut over words of two encodings',
    `${base64(grin.subarray(0, 2))}\r\n\t=?utf-8?q?=98=80!?=`,
    '😀!',
  ],
  ['words of two charsets', '=?utf-8?q?=C3=BC?= =?iso-8859-1?q?=FC?=', 'üü'],
  ['text between words', '=?utf-8?q?a?= b =?utf-8?q?c?=', 'a b c'],
  ['space around words', ' =?utf-8?q?a?= ', ' a '],
  ['a charset that nobody knows', '=?x-y?q?a?= =?x-y?q?b?= c', '=?x-y?q?a?==?x-y?q?b?= c'],
  ['a language', '=?utf-8*de?q?=C3=BC?=', 'ü'],
])('%s', (_, raw, want) => expect(decodeWords(Buffer.from(raw))).toBe(want));

test('a run of words has no limit of its own', () => {
  const text = '{"name":"Grüße ?_= 😀"}'.repeat(2000);
  const bytes = Buffer.from(text);
  const words: string[] = [];
  for (let i = 0; i < bytes.length; i += 40) {
    const hex = [...bytes.subarray(i, i + 40)]
      .map((byte) => `=${byte.toString(16).padStart(2, '0')}`)
      .join('');
    words.push(`=?utf-8?Q?${hex}?=`);
  }
  expect(decodeWords(Buffer.from(words.join('\r\n ')))).toBe(text);
});
