// Identifiers: ULIDs, sortable by time, 26 characters of Crockford base32 in upper case.
import { randomBytes } from 'node:crypto';
import { base32Digit, fromBase32, toBase32 } from './base32.ts';
import type { EpochMs } from './clock.ts';

const TIME_CHARS = 10;
const RANDOM_CHARS = 16;
const POOL_BYTES = 4096;

let pool = Buffer.alloc(0);
let used = 0;

/** A new id: 48 bits of time, then 80 random bits. Ids of different milliseconds sort by time. */
export function newId(now: EpochMs): string {
  if (used + RANDOM_CHARS > pool.length) {
    pool = randomBytes(POOL_BYTES); // one system call for 256 ids
    used = 0;
  }
  let random = '';
  for (let i = 0; i < RANDOM_CHARS; i++) random += base32Digit(pool[used + i] ?? 0);
  used += RANDOM_CHARS;
  return toBase32(now, TIME_CHARS) + random;
}

/** The time an id was made, or undefined when `id` is not one of ours. */
export function timeOfId(id: string): EpochMs | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}/.test(id)) return undefined;
  return fromBase32(id.slice(0, TIME_CHARS));
}
