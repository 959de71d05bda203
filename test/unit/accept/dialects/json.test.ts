// JSON of control fields: what is JSON, where it breaks, its limits, folds in bad places, and no tricks with prototypes.
import { describe, expect, test } from 'vitest';
import { readJson, writeJson, type Json } from '../../../../src/accept/dialects/json.ts';
import { cpuClock } from '../../../support/cpu.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const plain = (value: Json): unknown => JSON.parse(writeJson(value));
const read = (text: string): unknown => {
  const reading = readJson(text);
  return reading.ok ? plain(reading.value) : reading.be;
};

describe('reads what JSON.parse reads', () => {
  test.each([
    '{}',
    '[]',
    'null',
    'true',
    '"text"',
    '-1.5e3',
    '0',
    ' {"a" : [1, 2, {"b": null}], "c": "d"} ',
    '"\\u00e9\\n\\t\\/\\\\\\"\\b\\f\\r"',
    '"\\ud83d\\ude00"',
    '{"": "", "a": {"a": {"a": []}}}',
    '[[[[[[[[[[]]]]]]]]]]',
  ])('%s', (text) => {
    const got = read(text);
    expect(text === '-1.5e3' ? Number(got) : got).toEqual(JSON.parse(text));
  });

  test('random values, whole and with a character changed', () => {
    const random = randomFrom(7);
    const make = (depth: number): unknown => {
      const kind = random(depth > 6 ? 5 : 8);
      if (kind < 2) return random(100_000) - 500;
      if (kind === 2) return [true, false, null][random(3)];
      if (kind < 5)
        return Array.from({ length: random(8) }, () => '"\\aé\u{1F600} {}[]:,\n'.charAt(random(16))).join('');
      if (kind < 7) return Array.from({ length: random(4) }, () => make(depth + 1));
      return Object.fromEntries(Array.from({ length: random(4) }, (_, i) => [`k${i}`, make(depth + 1)]));
    };
    for (let round = 0; round < rounds(3000); round++) {
      const text = JSON.stringify(make(0));
      expect(read(text)).toEqual(JSON.parse(text));
      const at = random(text.length + 1);
      const broken = text.slice(0, at) + '{}[]",:\\1tnx'.charAt(random(12)) + text.slice(at + random(2));
      let want: unknown = 'broken';
      try {
        want = JSON.parse(broken);
      } catch {
        // not JSON: we must say so as well
      }
      const got = readJson(broken);
      if (want === 'broken') expect(got, broken).toMatchObject({ ok: false });
      else expect(got, broken).toMatchObject({ ok: true });
    }
  });
});

test.each([
  ['', 'JSON; it breaks at character 1'],
  ['{', 'JSON; it breaks at character 2'],
  ['{"a"}', 'JSON; it breaks at character 5'],
  ['{"a":1,}', 'JSON; it breaks at character 8'],
  ["{'a':1}", 'JSON; it breaks at character 2'],
  ['[1 2]', 'JSON; it breaks at character 4'],
  ['{} x', 'JSON; it breaks at character 4'],
  ['"\\x"', 'JSON; it breaks at character 2'],
  ['"\\u12"', 'JSON; it breaks at character 2'],
  ['"open', 'JSON; it breaks at character 1'],
  ['01', 'JSON; it breaks at character 2'],
  ['nul', 'JSON; it breaks at character 1'],
  ['NaN', 'JSON; it breaks at character 1'],
  ['[[[[[[[[[[[]]]]]]]]]]]', 'JSON of at most 10 levels; it goes deeper at character 11'],
  ['[', 'JSON; it breaks at character 2'],
])('%j must be %s', (text, be) => expect(read(text)).toBe(be));

describe('limits', () => {
  const objectOf = (names: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: names }, (_, i) => [`k${i}`, 0])));
  test.each([
    ['1,000 names', objectOf(1000), true],
    [
      '1,001 names',
      objectOf(1001),
      /^JSON with at most 1000 names in an object; there are more at character \d+$/,
    ],
    ['10,000 items', `[${Array(10_000).fill('1').join()}]`, true],
    [
      '10,001 items',
      `[${Array(10_001).fill('1').join()}]`,
      /^JSON with at most 10000 items in a list; there are more at character \d+$/,
    ],
    ['64 KiB', `"${'x'.repeat(65_534)}"`, true],
    ['one byte more', `"${'x'.repeat(65_535)}"`, /^JSON of at most 64 KiB$/],
    ['64 KiB in UTF-8', `"${'é'.repeat(32_768)}"`, /^JSON of at most 64 KiB$/],
    ['a thousand brackets', '['.repeat(30_000), /^JSON of at most 10 levels/],
  ])('%s', (_, text, want) => {
    const reading = readJson(text);
    if (want === true) expect(reading.ok).toBe(true);
    else expect(reading).toEqual({ ok: false, be: expect.stringMatching(want as RegExp) });
  });

  test('hostile texts take time that grows with their length only', () => {
    const spent = cpuClock();
    for (const piece of ['"\\', '"\\"', '\\u', '{"a":', '[1,', '"",', '\r\n ', '{"a"\r\n ', '-', '1e'])
      for (const start of ['', '"', '[', '{"a":"']) readJson((start + piece.repeat(20_000)).slice(0, 65_000));
    expect(spent()).toBeLessThan(1500);
  });
});

describe('values', () => {
  test('numbers that would lose digits stay texts', () =>
    expect(read('[12345678901234567890, 1.50, 1e400, 0.1, -0]')).toEqual([
      '12345678901234567890',
      '1.50',
      '1e400',
      0.1,
      '-0',
    ]));

  test('of two with one name the last counts', () =>
    expect(read('{"a":1,"b":2,"a":3}')).toEqual({ a: 3, b: 2 }));

  test('control characters as they are are no fault: readers clean texts', () =>
    expect(read('"a\tb\u0001"')).toBe('a\tb\u0001'));

  test('names that mean something to JavaScript are names', () => {
    const reading = readJson(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x"}',
    );
    expect(reading.ok && reading.value instanceof Map && [...reading.value.keys()]).toEqual([
      '__proto__',
      'constructor',
      'toString',
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('folds', () => {
  test.each([
    ['between values', '{"a": 1,\r\n "b":\r\n\t2}', { a: 1, b: 2 }],
    ['at a space in a string', '{"a": "one\r\n two"}', { a: 'one two' }],
    ['in a string, where it adds a space', '{"a": "onetw\r\n o"}', { a: 'onetw o' }],
    ['with a tab in a string', '{"a": "one\r\n\ttwo"}', { a: 'one\ttwo' }],
    ['in a word', '{"a": tr\r\n ue, "b": "x"}', { a: true, b: 'x' }],
    ['in a number', '{"a": 14093\r\n 48513}', { a: 1_409_348_513 }],
    ['in an escape', '{"a": "\\u00\r\n e9"}', { a: 'é' }],
    ['behind a backslash', '{"a": "\\\r\n n"}', { a: '\n' }],
    ['with a bare LF', '{"a": fal\n se}', { a: false }],
  ])('%s', (_, text, want) => expect(read(text)).toEqual(want));

  test('where Postfix cut a line after 998 octets, the space is its own', () => {
    const start = '           {"a": "';
    const words = 'x'.repeat(998 - start.length);
    expect(read(`${start}${words}\r\n ${'y'.repeat(997)}\r\n z"}`)).toEqual({
      a: `${words}${'y'.repeat(997)}z`,
    });
    expect(read(`${start}${words}\r\n  two"}`)).toEqual({ a: `${words} two` });
    expect(read(`${start}${words}x\r\n two"}`)).toEqual({ a: `${words}x two` });
    expect(read(`${start}${'é'.repeat(10)}${'x'.repeat(990 - start.length - 20)}\r\n two"}`)).toEqual({
      a: `${'é'.repeat(10)}${'x'.repeat(990 - start.length - 20)}two`,
    });
  });

  test('places are counted from where the value begins', () =>
    expect(read('           {"a": tru}')).toBe('JSON; it breaks at character 7'));

  test('what is broken anyway is reported where it is', () =>
    expect(read('{"a": tr\r\n ue, b}')).toBe('JSON; it breaks at character 7'));
});
