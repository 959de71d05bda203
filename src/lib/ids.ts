// Identifiers: ULIDs, sortable by time, 26 characters of Crockford base32 in upper case.
import { randomBytes } from 'node:crypto';
import type { EpochMs } from './clock.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
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
  for (let i = 0; i < RANDOM_CHARS; i++) random += ALPHABET.charAt((pool[used + i] ?? 0) & 31);
  used += RANDOM_CHARS;
  return encodeTime(now) + random;
}

/** The time an id was made, or undefined when `id` is not one of ours. */
export function timeOfId(id: string): EpochMs | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}/.test(id)) return undefined;
  let time = 0;
  for (const char of id.slice(0, TIME_CHARS)) time = time * 32 + ALPHABET.indexOf(char);
  return time;
}

function encodeTime(now: EpochMs): string {
  let rest = now;
  let chars = '';
  for (let i = 0; i < TIME_CHARS; i++) {
    chars = ALPHABET.charAt(rest % 32) + chars;
    rest = Math.floor(rest / 32);
  }
  return chars;
}
