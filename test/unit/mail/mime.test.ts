// MIME structure: content types and parts, read without being led astray.
import { describe, expect, test } from 'vitest';
import { partRanges, readContentType, splitEntity, transferEncodingOf } from '../../../src/mail/mime.ts';
import { crlf } from '../../support/letters.ts';

test.each([
  ['text/html; charset=utf-8', { type: 'text/html' }],
  ['Multipart/Mixed; boundary=abc', { type: 'multipart/mixed', boundary: 'abc' }],
  [
    'multipart/mixed; charset=x; BOUNDARY = "a \\"b; c"; x=y',
    { type: 'multipart/mixed', boundary: 'a "b; c' },
  ],
  ['multipart/mixed; x-boundary=no', { type: 'multipart/mixed' }],
  ['text', { type: 'text/plain' }],
  ['', { type: 'text/plain' }],
])('content type %j', (value, want) => expect(readContentType(value)).toEqual(want));

describe('parts', () => {
  const parts = (text: string, boundary = 'b') => {
    const body = Buffer.from(crlf(text));
    return partRanges(body, boundary)?.map(({ start, end }) => body.toString('utf8', start, end));
  };

  test.each([
    ['usual', 'pre\n--b\none\n--b\ntwo\n--b--\nepilogue\n--b\nno\n', ['one', 'two']],
    ['padding after the boundary', '--b \t\none\n--b-- \n', ['one']],
    ['a longer boundary is no delimiter', '--b\none\n--bc\ntwo\n--b--', ['one\r\n--bc\r\ntwo']],
    ['a boundary inside a line is none', '--b\none --b\n--b--', ['one --b']],
    ['no closing delimiter', '--b\none\n', ['one\r\n']],
    ['an empty part', '--b\n--b--\n', ['']],
    ['nothing but the closing delimiter', '--b--\n', []],
    ['no delimiter', 'text\n', undefined],
  ])('%s', (_, text, want) => expect(parts(text)).toEqual(want));
});

test('an entity without header fields is all body', () => {
  expect(splitEntity(Buffer.from('\r\nHi')).body.toString()).toBe('Hi');
  expect(splitEntity(Buffer.from('Hi there\r\n')).body.toString()).toBe('Hi there\r\n');
});

test('a transfer encoding is read without comment and case', () => {
  expect(transferEncodingOf(splitEntity(Buffer.from('content-transfer-encoding: (x) 8BIT\r\n\r\n')))).toBe(
    '8bit',
  );
});
