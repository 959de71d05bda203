import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadMasterKey, makeSealer } from '../../../src/store/seal.ts';

const folder = mkdtempSync(join(tmpdir(), 'postino-seal-'));
afterAll(() => rmSync(folder, { recursive: true }));
const sealer = makeSealer(Buffer.alloc(32, 1));

test('what was sealed opens with the same key and purpose only', () => {
  const sealed = sealer.seal('secret', 'dkim a');
  expect(sealed).not.toContain('secret');
  expect(sealer.open(sealed, 'dkim a')).toBe('secret');
  expect(sealer.open(sealed, 'dkim b')).toBeUndefined();
  expect(makeSealer(Buffer.alloc(32, 2)).open(sealed, 'dkim a')).toBeUndefined();
  expect(sealer.open(`${sealed.slice(0, -6)}AAAA==`, 'dkim a')).toBeUndefined();
  expect(sealer.open('nonsense', 'dkim a')).toBeUndefined();
});

test('the same secret is sealed differently each time, and has one fingerprint', () => {
  expect(sealer.seal('x', 'p')).not.toBe(sealer.seal('x', 'p'));
  expect(sealer.fingerprint('x')).toBe(sealer.fingerprint('x'));
});

test('the master key is made once, for its owner alone', () => {
  const file = join(folder, 'keys', 'master.key');
  const first = loadMasterKey(file);
  expect(loadMasterKey(file)).toEqual(first);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
});

test('a key that is no key is refused, not replaced', () => {
  const file = join(folder, 'short.key');
  writeFileSync(file, 'abc');
  expect(loadMasterKey(file)).toEqual({ ok: false, problem: expect.stringContaining('not 32 bytes') });
  expect(loadMasterKey(file, 'ab'.repeat(32))).toEqual({ ok: true, key: Buffer.alloc(32, 0xab) });
});
