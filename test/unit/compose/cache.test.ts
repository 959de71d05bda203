// The cache of letters: shared work, bounded in number and bytes, forgetful of failures.
import { expect, test } from 'vitest';
import { makeCache } from '../../../src/compose/cache.ts';

const cacheOf = (maxEntries: number, maxBytes: number) => {
  const done: string[] = [];
  const cache = makeCache<string>({ maxEntries, maxBytes }, (value) =>
    value === 'refused' ? undefined : value.length,
  );
  const ask = (key: string, value = key): Promise<string> => cache(key, async () => (done.push(key), value));
  return { ask, cache, done };
};

test('work under way and work done is shared', async () => {
  const { ask, done } = cacheOf(5, 100);
  await Promise.all([ask('a'), ask('a')]);
  await ask('a');
  expect(done).toEqual(['a']);
});

test('what was not used longest is forgotten first', async () => {
  const { ask, done } = cacheOf(2, 100);
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(key);
  expect(done.join('')).toBe('abcb');
});

test('bytes are bounded, even by a single value', async () => {
  const { ask, done } = cacheOf(10, 10);
  await ask('a', 'x'.repeat(6));
  await ask('b', 'x'.repeat(6));
  await ask('a', 'x'.repeat(6));
  await ask('c', 'x'.repeat(60));
  await ask('c', 'x'.repeat(60));
  expect(done.join('')).toBe('abacc');
});

test('failures and values without weight are not kept', async () => {
  const { ask, cache, done } = cacheOf(10, 100);
  await expect(cache('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await ask('a', 'refused');
  await ask('a');
  expect(done.join('')).toBe('aa');
});
