// Relaxed canonicalisation against the standard's words and against a slow, plain reading of them.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashBody, makeBodyHash, relaxedValue } from '../../../src/compose/canonical.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const sha = (text: string): string => createHash('sha256').update(text, 'latin1').digest('base64');

/** RFC 6376 §3.4.4 word by word. */
function slowly(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`;
}

const bodies = [
  ['an empty body', '', ''],
  ['one empty line', '\r\n', ''],
  ['empty lines only', '\r\n\r\n\r\n', ''],
  ['lines of white space only', ' \t\r\n  \r\n', ''],
  ['no line end at the end', 'a', 'a\r\n'],
  ['white space at the end without a line end', 'a \t', 'a\r\n'],
  ['empty lines at the end', 'a\r\n\r\n\r\n', 'a\r\n'],
  ['empty lines inside', 'a\r\n\r\n \r\nb\r\n', 'a\r\n\r\n\r\nb\r\n'],
  ['runs of white space', 'a \t b\tc  \r\n', 'a b c\r\n'],
  ['white space in front', '  a\r\n\tb\r\n', ' a\r\n b\r\n'],
  ['RFC 6376 §3.4.5', ' C \r\nD \t E\r\n\r\n\r\n', ' C\r\nD E\r\n'],
  ['a bare CR and a bare LF', 'a\rb\nc \r d\r\n', 'a\rb\nc \r d\r\n'],
  ['a CR before CRLF', 'a\r\r\nb\r\n', 'a\r\r\nb\r\n'],
  ['control characters', 'a\x01\x00b\r\n', 'a\x01\x00b\r\n'],
  ['8-bit bytes, a no-break space too', 'a\xa0 \xffb\xa0\r\n', 'a\xa0 \xffb\xa0\r\n'],
] as const;

test.each(bodies)('relaxed body: %s', (_, body, want) => {
  expect(slowly(body)).toBe(want);
  expect(hashBody(Buffer.from(body, 'latin1'))).toBe(sha(want));
});

test.each([
  [' a  b\t c \r\n', 'a b c'],
  [' a\r\n\tb\r\n   c\r\n', 'a b c'],
  ['\r\n x\r\n', 'x'],
  ['   \r\n', ''],
  ['', ''],
  [' \xa0a\xa0 \r\n', '\xa0a\xa0'],
])('relaxed field value %j', (raw, want) => expect(relaxedValue(raw)).toBe(want));

describe('however a body is cut into blocks, its hash is the same', () => {
  test('random bodies', () => {
    const chance = randomFrom(7);
    const alphabet = ['a', 'bc', ' ', '\t', '\r\n', '\r\n', '\r', '\n', '\xa0', '  '];
    for (let round = 0; round < rounds(3000); round++) {
      const body = Array.from({ length: chance(30) }, () => alphabet[chance(alphabet.length)]).join('');
      const hash = makeBodyHash();
      const bytes = Buffer.from(body, 'latin1');
      for (let at = 0; at < bytes.length;) {
        const next = at + 1 + chance(4);
        hash.update(bytes.subarray(at, next));
        at = next;
      }
      // White space alone at the very end stands before no line end; SMTP always adds one.
      expect(hash.digest(), JSON.stringify(body)).toBe(sha(slowly(body)));
    }
  });

  test('a body larger than a block, and 200,000 empty lines inside', () => {
    const body = `${'x \t'.repeat(50_000)}${'\r\n'.repeat(200_000)}end  of\r\n\r\n`;
    expect(hashBody(Buffer.from(body))).toBe(sha(slowly(body)));
  });
});
