// Many fixed strings in one pass: the leftmost first, the longest of those, and linear whatever the strings are.
import { describe, expect, test } from 'vitest';
import { searchFor, type Found } from '../../../../src/compose/merge/literals.ts';
import { cpuClock } from '../../../support/cpu.ts';
import { randomFrom, rounds } from '../../../support/random.ts';

const found = (strings: readonly string[], source: string): string[] =>
  searchFor(strings)(source, 1000).map(({ start, text }) => `${start}:${text}`);

/** The same by trying every string at every place. */
function slowly(strings: readonly string[], source: string): Found[] {
  const hits: Found[] = [];
  const longestFirst = strings.filter((text) => text !== '').toSorted((a, b) => b.length - a.length);
  for (let at = 0; at < source.length; at++) {
    const text = longestFirst.find((one) => source.startsWith(one, at));
    if (text === undefined) continue;
    hits.push({ start: at, end: at + text.length, text });
    at += text.length - 1;
  }
  return hits;
}

describe('a search for literals', () => {
  test.each([
    [['-name-'], 'Dear -name-, -name-', ['5:-name-', '13:-name-']],
    [['ab', 'abc', 'b'], 'abcab', ['0:abc', '3:ab']],
    [['bcd', 'ab'], 'abcd', ['0:ab']],
    [['a', 'aa', 'aaa'], 'aaaaa', ['0:aaa', '3:aa']],
    [['x', ''], 'no', []],
    [[], 'anything', []],
    [['%größe%'], 'die %größe%', ['4:%größe%']],
    [['__proto__', 'constructor'], 'constructor', ['0:constructor']],
  ])('%j in %j', (strings, source, hits) => expect(found(strings, source)).toEqual(hits));

  test('stops at its limit', () => expect(searchFor(['a'])('aaaa', 2)).toHaveLength(2));

  test('finds the same as a slow search, in random texts', () => {
    const random = randomFrom(7);
    const word = (length: number): string => Array.from({ length }, () => 'abc'.charAt(random(3))).join('');
    for (let round = 0; round < rounds(3000); round++) {
      const strings = Array.from({ length: random(6) }, () => word(random(5)));
      const source = word(random(30));
      expect(searchFor(strings)(source, 1000), JSON.stringify([strings, source])).toEqual(
        slowly(strings, source),
      );
    }
  });

  test('is linear where strings repeat themselves', () => {
    const strings = Array.from({ length: 250 }, (_, i) => `${'a'.repeat(i + 1)}b`);
    const spent = cpuClock();
    searchFor(strings)('a'.repeat(1_000_000), 20_000);
    expect(spent()).toBeLessThan(1500);
  });
});
