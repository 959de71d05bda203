// HMAC-SHA-256 and AES-256-CTR for many short texts under one key: no object of OpenSSL's is made for each of them. Pure.
import { createCipheriv, hash } from 'node:crypto';

const HASH_BLOCK = 64;
const HASH_BYTES = 32;
const BLOCK = 16;
/** What the places that are used again and again have room for. */
const ROOM = 4096;

// Nobody waits between filling and using them, so that they serve all keys.
const whole = Buffer.alloc(HASH_BLOCK + ROOM);
const counters = Buffer.alloc(ROOM + BLOCK);

/** HMAC-SHA-256 (RFC 2104) under a key of at most 64 bytes. An Hmac object of Node's would take three times as long. */
export function makeMac(key: Buffer): (bytes: Buffer) => Buffer {
  const inner = Buffer.alloc(HASH_BLOCK, 0x36);
  const outer = Buffer.alloc(HASH_BLOCK + HASH_BYTES, 0x5c);
  for (let i = 0; i < key.length; i++) {
    inner[i] = (key[i] ?? 0) ^ 0x36;
    outer[i] = (key[i] ?? 0) ^ 0x5c;
  }
  return (bytes) => {
    const size = HASH_BLOCK + bytes.length;
    const place = size <= whole.length ? whole : Buffer.alloc(size);
    inner.copy(place);
    bytes.copy(place, HASH_BLOCK);
    outer.write(hash('sha256', place.subarray(0, size), 'hex'), HASH_BLOCK, 'hex');
    return Buffer.from(hash('sha256', outer, 'hex'), 'hex');
  };
}

/**
 * AES-256-CTR (NIST SP 800-38A §6.5) under a key of 32 bytes: adds the key stream of a nonce of 16 bytes, which both hides and
 * shows. The counters go through one cipher that keeps no state between its blocks.
 */
export function makeMask(key: Buffer): (bytes: Buffer, nonce: Buffer) => Buffer {
  const blocks = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
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
