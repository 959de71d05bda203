// Pages of a list: all of it, each once, in order, also while it changes.
import { expect, test } from 'vitest';
import { pageAfter } from '../../../src/lib/page.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const own = (text: string): string => text;

test.each<
  [all: string[], after: string | undefined, limit: number, items: string[], next: string | undefined]
>([
  [[], undefined, 2, [], undefined],
  [['b', 'a'], undefined, 2, ['a', 'b'], undefined],
  [['c', 'b', 'a'], undefined, 2, ['a', 'b'], 'b'],
  [['c', 'b', 'a'], 'b', 2, ['c'], undefined],
  [['c', 'a'], 'b', 2, ['c'], undefined],
  [['c', 'a'], 'c', 2, [], undefined],
  [['b', '', 'a'], undefined, 1, [''], ''],
  [['b', '', 'a'], '', 1, ['a'], 'a'],
  [['b', 'a'], '\uffff', 5, [], undefined],
  // Code units, not letters: a page does not depend on anybody's language.
  [['ä', 'z', 'Z', 'a'], undefined, 9, ['Z', 'a', 'z', 'ä'], undefined],
])('of %j after %j by %i', (all, after, limit, items, next) =>
  expect(pageAfter(all, own, { after, limit })).toEqual(next === undefined ? { items } : { items, next }),
);

test('page by page it is the whole list, in any order and with any limit', () => {
  const below = randomFrom(7);
  for (let round = 0; round < rounds(500); round++) {
    const all = [...new Set(Array.from({ length: below(40) }, () => String(below(1000))))];
    const limit = 1 + below(7);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = pageAfter(all, own, { after, limit });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      seen.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual([...all].sort());
  }
});

test('what is removed or added behind it hides nothing else', () => {
  const first = pageAfter(['a', 'b', 'c', 'd'], own, { limit: 2 });
  expect(pageAfter(['a', 'bb', 'c', 'd'], own, { after: first.next, limit: 9 }).items).toEqual([
    'bb',
    'c',
    'd',
  ]);
});

test('the list itself stays as it was', () => {
  const all = Object.freeze(['b', 'a']);
  expect(pageAfter(all, own, { limit: 1 })).toEqual({ items: ['a'], next: 'a' });
});
