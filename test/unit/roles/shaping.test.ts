// The operator's own file of providers: laid over ours, and a plain sentence where it cannot be used.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BaseProblem } from '../../../src/roles/base.ts';
import { readProviders } from '../../../src/roles/shaping.ts';

const folder = mkdtempSync(join(tmpdir(), 'postino-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

const own = (text: string): string => {
  const file = join(folder, 'own.yaml');
  writeFileSync(file, text);
  return file;
};

test('without one ours hold', () => {
  expect(readProviders(undefined).ofDomain('gmail.com')).toMatchObject({ name: 'google', tls: 'required' });
});

test('with one it comes over ours', () => {
  const providers = readProviders(own('providers: { google: { together: { connections: 50 } } }'));
  expect(providers.ofDomain('gmail.com')).toMatchObject({ tls: 'required', together: { connections: 50 } });
  expect(readProviders(own('')).all.length).toBe(providers.all.length);
});

test.each([
  ['is no YAML', 'providers: [', /cannot be read/],
  ['has an unknown key', 'provider: {}', /cannot be used[^]*provider/],
  ['has a rule that could never match', 'providers: { x: { mx: [.X.example] } }', /at providers\.x\.mx/],
  ['has a rule for nothing', 'providers: { x: { tls: required } }', /needs "domains" or "mx"/],
])('one that %s is refused with a sentence', (_, text, sentence) => {
  expect(() => readProviders(own(text))).toThrow(BaseProblem);
  expect(() => readProviders(own(text))).toThrow(sentence);
});

test('one that is not there is refused, too', () => {
  expect(() => readProviders(join(folder, 'missing.yaml'))).toThrow(/missing\.yaml .*cannot be read/);
});
