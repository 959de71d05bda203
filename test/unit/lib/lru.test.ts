import { expect, test } from 'vitest';
import { makeLru } from '../../../src/lib/lru.ts';
import { randomFrom } from '../../support/random.ts';

test('the weight is the sum of what is there, whatever was put, replaced, dropped or too heavy', () => {
  const lru = makeLru<number>(10, (weight) => weight);
  const next = randomFrom(7);
  for (let i = 0; i < 2000; i++) {
    const key = String(next(8));
    if (next(4) === 0) lru.drop(key);
    else lru.put(key, next(13));
    const there = Array.from({ length: 8 }, (_, n) => lru.get(String(n)) ?? 0);
    expect(lru.weight()).toBe(there.reduce((sum, one) => sum + one, 0));
    expect(lru.weight()).toBeLessThanOrEqual(10);
  }
});

test('what was used last stays', () => {
  const lru = makeLru<string>(3);
  for (const key of ['a', 'b', 'c']) lru.put(key, key);
  lru.get('a');
  lru.put('d', 'd');
  expect(['a', 'b', 'c', 'd'].map(lru.get)).toEqual(['a', undefined, 'c', 'd']);
});
