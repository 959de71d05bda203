// HMAC and CTR of ours against those of OpenSSL, for lengths around every block's end and for counters that run over.
import { createCipheriv, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeMac, makeMask } from '../../../src/tracking/fast.ts';

const bytesOf = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 3)) % 256));
const lengths = [0, 1, 15, 16, 17, 55, 56, 63, 64, 65, 119, 120, 1000, 4095, 4096, 4097, 4112, 4113, 9000];

test.each(lengths)('HMAC of %i bytes is OpenSSL’s', (length) => {
  for (const size of [1, 32, 64]) {
    const key = bytesOf(size, size);
    const mac = makeMac(key);
    for (const seed of [1, 2])
      expect(mac(bytesOf(length, seed))).toEqual(
        createHmac('sha256', key).update(bytesOf(length, seed)).digest(),
      );
  }
});

const nonces = [bytesOf(16, 3), Buffer.alloc(16, 255), Buffer.from(`${'00'.repeat(12)}fffffffe`, 'hex')];

test.each(lengths)('the mask of %i bytes is AES-256-CTR, and takes itself off', (length) => {
  const key = bytesOf(32, 9);
  const mask = makeMask(key);
  const plain = bytesOf(length, 4);
  for (const nonce of nonces) {
    const hidden = mask(plain, nonce);
    expect(hidden).toEqual(createCipheriv('aes-256-ctr', key, nonce).update(plain));
    expect(mask(hidden, nonce)).toEqual(plain);
  }
});

test('what was given out before stays as it was', () => {
  const mask = makeMask(bytesOf(32, 1));
  const mac = makeMac(bytesOf(32, 1));
  const first = [mask(bytesOf(40, 1), bytesOf(16, 1)), mac(bytesOf(40, 1))];
  const copies = first.map((one) => Buffer.from(one));
  mask(bytesOf(40, 2), bytesOf(16, 2));
  mac(bytesOf(40, 2));
  expect(first).toEqual(copies);
});
