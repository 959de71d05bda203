// The files in config/ that are written from the schema.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';

const yaml = readFileSync('config/postino.yaml', 'utf8');
const schema = JSON.parse(readFileSync('config/postino.schema.json', 'utf8'));

test('the files are what "npm run generate" writes', () => {
  execFileSync(process.execPath, ['.ci/generate.ts', '--check'], { stdio: 'pipe' });
});

test('the default file says what no file says', () => {
  // Where a value comes from is another thing, and asked for by a function.
  const of = (text: string) => ({
    ...parseConfig(text, { file: undefined, environment: {} }),
    originOf: undefined,
  });
  expect(of(yaml)).toEqual(of(''));
});

test('the schema takes the default file, with everything in it, and refuses unknown keys', () => {
  const validate = new Ajv2020({ strict: false, logger: false }).compile(schema);
  expect(validate(parse(yaml))).toBe(true);
  expect(validate({ smtp: { listeners: [{ port: 2525 }] }, delivery: { retry: { expire: '3d' } } })).toBe(
    true,
  );
  expect(validate({ hots: 1 })).toBe(false);
});

test('every default in the schema is one that the schema takes', () => {
  const ajv = new Ajv2020({ strict: false, logger: false });
  const check = (one: Record<string, unknown>, path: string): void => {
    if (one['default'] !== undefined) expect(ajv.validate(one, one['default']), path).toBe(true);
    for (const [key, below] of Object.entries(one['properties'] ?? {})) check(below, `${path}.${key}`);
    if (one['items']) check(one['items'] as Record<string, unknown>, `${path}[]`);
  };
  check(schema, 'config');
});
