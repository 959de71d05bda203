import { expect, test } from 'vitest';
import { makeCache } from '../../../src/store/cache.ts';

test('what was not used for longest goes first', () => {
  const cache = makeCache(30);
  for (const key of ['a', 'b', 'c']) cache.put(key, Buffer.alloc(10));
  cache.get('a');
  cache.put('d', Buffer.alloc(10));
  expect(cache.get('b')).toBeUndefined();
  expect(cache.get('a')).toBeDefined();
  expect(cache.bytes()).toBe(30);
});

test('the count of bytes stays right when bodies are replaced, dropped and refused', () => {
  const cache = makeCache(30);
  cache.put('a', Buffer.alloc(10));
  cache.put('a', Buffer.alloc(20));
  cache.drop('nobody');
  cache.put('huge', Buffer.alloc(31));
  expect([cache.bytes(), cache.get('huge')]).toEqual([20, undefined]);
  cache.drop('a');
  expect(cache.bytes()).toBe(0);
});
