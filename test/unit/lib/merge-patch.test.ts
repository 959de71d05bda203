// JSON Merge Patch: the cases of RFC 7396, and what hostile patches do.
import { expect, test } from 'vitest';
import { mergePatch } from '../../../src/lib/merge-patch.ts';

test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  [{ a: 1 }, { a: undefined }, { a: 1 }],
])('%j with %j is %j', (target, patch, want) => {
  expect(mergePatch(target, patch)).toEqual(want);
});

test('a patch does not reach the prototype', () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__":{"admin":true},"constructor":{"x":1}}'));
  expect({}).not.toHaveProperty('admin');
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
});

test('what was given stays as it was', () => {
  const old = { a: { b: [1] } };
  mergePatch(old, { a: { b: null, c: 1 } });
  expect(old).toEqual({ a: { b: [1] } });
});
