// Line ends of all kinds, and what stands in front of a message.
import { expect, test } from 'vitest';
import { lineFeeds, MAX_MESSAGE_BYTES, readableLines } from '../../../../src/feedback/read/lines.ts';

test.each([
  ['a\nb\n', 'a\nb\n'],
  ['a\r\nb\r\n', 'a\nb\n'],
  ['a\rb\r', 'a\nb\n'],
  ['a\r\rb', 'a\n\nb'],
  ['abc\r\r\nb\r\r\n', 'abc\nb\n'],
  ['a\r\nb\r\r\nc', 'a\nb\n\nc'],
  ['', ''],
])('%j becomes %j', (text, wanted) => expect(lineFeeds(Buffer.from(text)).toString()).toBe(wanted));

test.each([
  ['\n\n \nSubject: x\n', 'Subject: x\n'],
  ['From a@b.example Thu Jan  1 00:00:00 2026\nSubject: x\n', 'Subject: x\n'],
  ['From: a@b.example\n', 'From: a@b.example\n'],
])('in front of the header of %j nothing is left', (text, wanted) => {
  expect(readableLines(Buffer.from(text)).toString()).toBe(wanted);
});

test('what is beyond a mebibyte is not read', () => {
  expect(readableLines(Buffer.alloc(3 * MAX_MESSAGE_BYTES, 'x')).length).toBe(MAX_MESSAGE_BYTES);
});
