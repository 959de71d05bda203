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
