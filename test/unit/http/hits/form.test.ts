// Bodies of POSTs: RFC 8058 in both codings, our own form, and all else, which is nothing.
import { expect, test } from 'vitest';
import { readPosted } from '../../../../src/http/hits/form.ts';
import { cpuClock } from '../../../support/cpu.ts';

const multipart = (name: string, value: string, eol = '\r\n'): string =>
  [`--xYz`, `Content-Disposition: form-data; name="${name}"`, '', value, '--xYz--', ''].join(eol);

test.each([
  ['urlencoded', 'List-Unsubscribe=One-Click'],
  ['urlencoded with a line end', 'List-Unsubscribe=One-Click\r\n'],
  ['urlencoded in lower case', 'list-unsubscribe=one-click'],
  ['urlencoded with more', 'a=b&List-Unsubscribe=One-Click&c=d'],
  ['percent-encoded', 'List%2DUnsubscribe=One%2DClick'],
  ['multipart', multipart('List-Unsubscribe', 'One-Click')],
  ['multipart with bare LF', multipart('List-Unsubscribe', 'One-Click', '\n')],
  [
    'multipart with a type',
    '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\nContent-Type: text/plain\r\n\r\nOne-Click\r\n--b--\r\n',
  ],
  ['multipart without quotes', multipart('List-Unsubscribe', 'One-Click').replaceAll('"', '')],
])('one click, %s', (_, body) => {
  expect(readPosted(body)).toEqual({ kind: 'one-click' });
});

test.each([
  ['nothing', ''],
  ['JSON', '{"List-Unsubscribe":"One-Click"}'],
  ['another value', 'List-Unsubscribe=Two-Clicks'],
  ['another name', 'X-List-Unsubscribe=One-Click'],
  ['multipart with another value', multipart('List-Unsubscribe', 'no')],
  ['an unknown order', 'do=delete&all=1'],
  ['the order twice, wrong first', 'do=x&do=stop&all=1'],
  ['null characters', '\0\0\0'],
])('%s is no order', (_, body) => {
  expect(readPosted(body)).toEqual({ kind: 'nothing' });
});

test.each([
  ['do=stop&all=1', { kind: 'stop', chosen: { topics: [], all: true } }],
  ['do=stop', { kind: 'stop', chosen: { topics: [], all: false } }],
  ['do=stop&topic=0&topic=2&topic=2', { kind: 'stop', chosen: { topics: [0, 2], all: false } }],
  ['do=resume&topic=1', { kind: 'resume', chosen: { topics: [1], all: false } }],
  [
    'do=stop&topic=-1&topic=1e3&topic=0x1&topic=&topic=9999&topic=news&topic=__proto__',
    { kind: 'stop', chosen: { topics: [], all: false } },
  ],
])('%s', (body, posted) => {
  expect(readPosted(body)).toEqual(posted);
});

test('a hostile body is read in no time', () => {
  const spent = cpuClock();
  for (const piece of ['name="list-unsubscribe"\r\n', 'a\r\n', '&', '=', '%', 'topic=1&', '\r\n\r\n'])
    readPosted(piece.repeat(Math.floor(4096 / piece.length)));
  readPosted(`name="list-unsubscribe"${'a\r\n'.repeat(1300)}`);
  expect(spent()).toBeLessThan(200);
});
