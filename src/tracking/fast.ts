// HMAC-SHA-256 and AES-256-CTR for many short texts under one key: no object of OpenSSL's is made for each of them. Pure.
import { createCipheriv, hash } from 'node:crypto';

const HASH_BLOCK = 64;
const HASH_BYTES = 32;
const BLOCK = 16;
/** What the places that are used again and again have room for. */
const ROOM = 4096;

/** HMAC-SHA-256 (RFC 2104) under a key of at most 64 bytes. An Hmac object of Node's would take three times as long. */
export function makeMac(key: Buffer): (bytes: Buffer) => Buffer {
  const inner = Buffer.alloc(HASH_BLOCK + ROOM);
  const outer = Buffer.alloc(HASH_BLOCK + HASH_BYTES);
  for (let i = 0; i < HASH_BLOCK; i++) {
    inner[i] = (key[i] ?? 0) ^ 0x36;
    outer[i] = (key[i] ?? 0) ^ 0x5c;
  }
  return (bytes) => {
    const fits = bytes.length <= ROOM;
    if (fits) bytes.copy(inner, HASH_BLOCK);
    const whole = fits
      ? inner.subarray(0, HASH_BLOCK + bytes.length)
      : Buffer.concat([inner.subarray(0, HASH_BLOCK), bytes]);
    outer.write(hash('sha256', whole, 'hex'), HASH_BLOCK, 'hex');
    return Buffer.from(hash('sha256', outer, 'hex'), 'hex');
  };
}

/**
 * AES-256-CTR (NIST SP 800-38A §6.5) under a key of 32 bytes: adds the key stream of a nonce of 16 bytes, which both hides and
 * shows. The counters go through one cipher that keeps no state between its blocks.
 */
export function makeMask(key: Buffer): (bytes: Buffer, nonce: Buffer) => Buffer {
  const blocks = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const counters = Buffer.alloc(ROOM + BLOCK);
  return (bytes, nonce) => {
    const size = Math.ceil(bytes.length / BLOCK) * BLOCK;
    const place = size <= counters.length ? counters : Buffer.alloc(size);
    for (let at = 0; at < size; at += BLOCK) {
      nonce.copy(place, at);
      count(place, at, at / BLOCK);
    }
    const stream = blocks.update(place.subarray(0, size));
    for (let i = 0; i < bytes.length; i++) stream[i] = (stream[i] ?? 0) ^ (bytes[i] ?? 0);
    return stream.subarray(0, bytes.length);
  };
}

/** Adds to the number that the block at `at` is, most significant byte first. */
function count(place: Buffer, at: number, value: number): void {
  let carry = value;
  for (let i = at + BLOCK - 1; carry > 0 && i >= at; i--) {
    const sum = (place[i] ?? 0) + carry;
    place[i] = sum % 256;
    carry = Math.floor(sum / 256);
  }
}
