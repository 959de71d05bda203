// Bodies as JSON: what is too deep or too much is refused before it is read, and texts are passed over.
import { expect, test } from 'vitest';
import { readJson } from '../../../src/api/json.ts';
import { randomFrom } from '../../support/random.ts';

const ok = (text: string): boolean => readJson(Buffer.from(text)).ok;

test.each([
  ['nothing', '', undefined],
  ['null', 'null', null],
  ['brackets in a text', `{"a":"${'[{:,'.repeat(50_000)}"}`, { a: '[{:,'.repeat(50_000) }],
  ['quotes in a text', '{"a":"\\"[\\\\"}', { a: '"[\\' }],
  ['a text of backslashes', `["${'\\\\'.repeat(1000)}"]`, ['\\'.repeat(1000)]],
  ['32 levels', '['.repeat(32) + ']'.repeat(32), JSON.parse('['.repeat(32) + ']'.repeat(32))],
])('%s is read', (_, text, value) => {
  expect(readJson(Buffer.from(text))).toEqual({ ok: true, value });
});

test.each([
  ['33 levels', '['.repeat(33) + ']'.repeat(33)],
  ['levels that do not end', '{"a":'.repeat(1_000_000)],
  ['100,001 names', `{${Array.from({ length: 100_001 }, (_, i) => `"${i}":1`).join(',')}}`],
  ['200,002 items', `[${'1,'.repeat(200_001)}1]`],
  ['no JSON', '{a:1}'],
  ['two values', '1 2'],
])('%s is not', (_, text) => {
  expect(ok(text)).toBe(false);
});

test('UTF-8 only', () => {
  expect(readJson(Buffer.from([0x22, 0xff, 0x22])).ok).toBe(false);
  expect(readJson(Buffer.from('"é"', 'latin1')).ok).toBe(false);
});

test('whatever comes in, it is read as JSON.parse reads it, or refused', () => {
  const random = randomFrom(17);
  const pieces = ['{', '}', '[', ']', '"', '\\', ',', ':', '1', 'true', ' ', 'é', '\\u0041', '"a":', '\n'];
  for (let n = 0; n < 5000; n++) {
    const text = Array.from({ length: random(20) + 1 }, () => pieces[random(pieces.length)]).join('');
    const read = readJson(Buffer.from(text));
    let want: unknown;
    try {
      want = { ok: true, value: JSON.parse(text) };
    } catch {
      want = undefined;
    }
    if (want === undefined) expect(read.ok, text).toBe(false);
    else expect(read, text).toEqual(want);
  }
});
