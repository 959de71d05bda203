// What was not given is not there, and everything else is.
import { expect, expectTypeOf, test } from 'vitest';
import { present } from '../../../src/lib/present.ts';

test.each<[given: object, want: object]>([
  [{}, {}],
  [{ a: undefined }, {}],
  [
    { a: 0, b: '', c: false, d: null, e: Number.NaN },
    { a: 0, b: '', c: false, d: null, e: Number.NaN },
  ],
  [{ a: { b: undefined } }, { a: { b: undefined } }],
  [{ a: [undefined], b: undefined }, { a: [undefined] }],
])('%j', (given, want) => expect(present(given)).toStrictEqual(want));

test('what stands there is never taken for the prototype', () => {
  const hostile: unknown = JSON.parse('{"__proto__":{"admin":true},"a":1}');
  const clean: object = present(Object(hostile));
  expect(Object.getPrototypeOf(clean)).toBe(Object.prototype);
  expect(Object.keys(clean)).toEqual(['__proto__', 'a']);
  expect('admin' in clean).toBe(false);
});

test('the type says which fields may be missing', () => {
  const given: { a: number; b: string | undefined; c?: boolean } = { a: 1, b: undefined };
  const clean = present(given);
  expectTypeOf(clean.a).toEqualTypeOf<number>();
  expectTypeOf(clean).toExtend<{ a: number; b?: string; c?: boolean }>();
  expect(Object.keys(clean)).toEqual(['a']);
});
