// JSON by a schema: the value, or nothing for whatever else may come.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseJson } from '../../../src/lib/json.ts';

const schema = z.object({ at: z.number() });

test.each([
  ['{"at":1}', { at: 1 }],
  ['{"at":1,"more":2}', { at: 1 }],
  ['{"at":"1"}', undefined],
  ['{"at":1', undefined],
  ['null', undefined],
  ['', undefined],
])('%s', (text, value) => expect(parseJson(text, schema)).toEqual(value));

test('fields of a newer version are left out, however deep; what we know must fit all the same', () => {
  const strict = z.strictObject({ a: z.strictObject({ b: z.array(z.strictObject({ c: z.number() })) }) });
  const newer = '{"a":{"b":[{"c":1,"new":{}},{"c":2}],"constructor":1},"__proto__":{"x":1},"later":null}';
  expect(parseJson(newer, strict)).toEqual({ a: { b: [{ c: 1 }, { c: 2 }] } });
  expect(parseJson('{"a":{"b":[{"c":"1","new":1}]}}', strict)).toBe(undefined);
  expect(Reflect.get({}, 'x')).toBe(undefined);
});
