// Forwarded mail carries our mark, and is stopped where it comes back with it.
import { expect, test } from 'vitest';
import { goesRound, marked } from '../../../src/feedback/forward.ts';

const plain = Buffer.from('From: a@b.example\r\nSubject: x\r\n\r\nHello.\r\n');

test('the mark is put in front, and the rest stays', () => {
  const { message, headerSize } = marked(plain, 'bounces.example');
  expect(message.toString()).toBe(`X-Loop: bounces.example\r\n${plain.toString()}`);
  expect(message.subarray(headerSize).toString()).toBe('Hello.\r\n');
  expect(goesRound(plain, 'bounces.example')).toBe(false);
  expect(goesRound(message, 'bounces.example')).toBe(true);
  expect(goesRound(message, 'other.example')).toBe(false);
});

test.each([
  ['no header', 'Hello.\r\n', 'Hello.\r\n'],
  ['nothing', '', ''],
  ['a header that does not end', 'From: a@b.example\r\n', ''],
  ['a header that ends in text', 'From: a@b.example\r\nno field\r\n\r\nx', 'no field\r\n\r\nx'],
])('%s', (_, text, body) => {
  const { message, headerSize } = marked(Buffer.from(text), 'bounces.example');
  expect(message.subarray(headerSize).toString()).toBe(body);
  expect(message.subarray(0, headerSize).toString()).toMatch(/^X-Loop: bounces\.example\r\n[^]*\r\n$/);
  expect(message.subarray(headerSize - 4, headerSize).toString()).toBe('\r\n\r\n');
});

test('fifty hosts are enough', () => {
  const hops = (n: number): Buffer => Buffer.from(`${'Received: x\r\n'.repeat(n)}Subject: x\r\n\r\n`);
  expect(goesRound(hops(50), 'b.example')).toBe(false);
  expect(goesRound(hops(51), 'b.example')).toBe(true);
});
