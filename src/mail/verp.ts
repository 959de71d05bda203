// Return paths that name their delivery (VERP): an HMAC proves them, keys change each 30 days, and they end by themselves. Pure.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { base32Digit, fromBase32, toBase32 } from '../lib/base32.ts';
import type { EpochMs } from '../lib/clock.ts';
import { timeOfId } from '../lib/ids.ts';
import { makeLru } from '../lib/lru.ts';

export type ReturnPaths = Readonly<{
  /** Local part for a delivery that is due then; undefined when the id is none of ours. */
  write(delivery: string, due: EpochMs): string | undefined;
  /** The delivery that a local part names; undefined for everything that was not made here, or is over. */
  read(local: string, now: EpochMs): string | undefined;
  /** Local part of the address that feedback loops report to. It stays the same as long as its key does. */
  complaints(key: number): string;
  /** True for such a local part of one of these keys. */
  isComplaints(local: string, keys: readonly number[]): boolean;
}>;

const PREFIX = 'b';
const COMPLAINTS = 'fbl-';
const KEY_CHARS = 2;
const ID_CHARS = 26;
const MAX_NUMBER_CHARS = 4;
/** Seventy bits. */
const MAC_CHARS = 14;
const COMPLAINTS_MAC_CHARS = 16;
const SHORTEST = KEY_CHARS + ID_CHARS + 1 + MAC_CHARS;
const PERIOD_MS = 30 * 86_400_000;
/** Numbers of periods are told apart for 84 years. */
const PERIODS = 1024;
/** A delivery may be due later than it is sent in the end, by so many periods. */
const AHEAD = 13;
/** A clock of ours may be ahead of another by so much. */
const SLACK_MS = 300_000;
const KEY_BYTES = 32;
const MAX_KEYS = 64;

/** Return paths under a secret of the installation. They work until `expireMs` after their message was accepted, or due. */
export function makeReturnPaths(master: Buffer, expireMs: number): ReturnPaths {
  const keyOf = makeKeys(master);
  const macOf = (text: string, period: number): string => macText(keyOf(`verp ${period}`), text, MAC_CHARS);
  return {
    write: (delivery, due) => {
      const [, id = '', digits = ''] = /^([0-9A-HJKMNP-TV-Z]{26})-(\d{1,7})$/.exec(delivery) ?? [];
      const at = timeOfId(id);
      const number = toText(Number(digits), 1);
      if (at === undefined || digits === '' || number.length > MAX_NUMBER_CHARS) return undefined;
      // What is due in another period lives on from there.
      const period = periodOf(Math.max(at, due));
      const text = `${toText(period % PERIODS, KEY_CHARS)}${id.toLowerCase()}${number}`;
      return `${PREFIX}${text}${macOf(text, period)}`;
    },
    read: (local, now) => {
      const clean = cleaned(local);
      const text = clean.slice(PREFIX.length, -MAC_CHARS);
      const isLikely =
        clean.startsWith(PREFIX) && clean.length <= PREFIX.length + SHORTEST + MAX_NUMBER_CHARS - 1;
      if (!isLikely || clean.length < PREFIX.length + SHORTEST) return undefined;
      const named = readText(text, now);
      if (!named || isOver(named, now, expireMs)) return undefined;
      if (!isSame(clean.slice(-MAC_CHARS), macOf(text, named.period))) return undefined;
      return `${named.id}-${named.number}`;
    },
    complaints: (key) => COMPLAINTS + complaintsText(keyOf, key),
    isComplaints: (local, keys) => {
      const clean = cleaned(local.slice(COMPLAINTS.length));
      if (!local.toLowerCase().startsWith(COMPLAINTS)) return false;
      return keys.some((key) => isSame(clean, complaintsText(keyOf, key)));
    },
  };
}

type Named = Readonly<{ id: string; number: number; period: number; at: EpochMs }>;

function readText(text: string, now: EpochMs): Named | undefined {
  if (!/^[0-9a-hjkmnp-tv-z]+$/.test(text)) return undefined;
  const id = text.slice(KEY_CHARS, KEY_CHARS + ID_CHARS).toUpperCase();
  const digits = text.slice(KEY_CHARS + ID_CHARS);
  const at = timeOfId(id);
  const number = fromBase32(digits);
  // Only one way to write a number is ours.
  if (at === undefined || number === 0 || toText(number, 1) !== digits) return undefined;
  // The key's number stands for the last period that had it; a delivery that is due later may have one ahead.
  const latest = periodOf(now) + AHEAD;
  const back = (latest - fromBase32(text.slice(0, KEY_CHARS)) + PERIODS) % PERIODS;
  return { id, number, period: latest - back, at };
}

function isOver({ at, period }: Named, now: EpochMs, expireMs: number): boolean {
  if (at > now + SLACK_MS || period < periodOf(at)) return true;
  const since = period === periodOf(at) ? at : (period + 1) * PERIOD_MS;
  return now > since + expireMs;
}

function periodOf(at: EpochMs): number {
  return Math.floor(at / PERIOD_MS);
}

/** As hosts and people leave it: quoted, in upper case, with the letters that Crockford reads as digits. */
function cleaned(local: string): string {
  return local
    .replace(/^"(.*)"$/, '$1')
    .toLowerCase()
    .replace(/[il]/g, '1')
    .replaceAll('o', '0');
}

type KeyOf = (name: string) => Buffer;

function makeKeys(master: Buffer): KeyOf {
  const known = makeLru<Buffer>(MAX_KEYS);
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const made = Buffer.from(hkdfSync('sha256', master, '', `postino return path 1 ${name}`, KEY_BYTES));
    known.put(name, made);
    return made;
  };
}

function complaintsText(keyOf: KeyOf, key: number): string {
  const text = toText(key % PERIODS, KEY_CHARS);
  return text + macText(keyOf(`complaints ${key}`), text, COMPLAINTS_MAC_CHARS);
}

function macText(key: Buffer, text: string, chars: number): string {
  const bytes = createHmac('sha256', key).update(text).digest();
  const digits = Array.from({ length: chars }, (_, i) => base32Digit(bytes[i] ?? 0));
  return digits.join('').toLowerCase();
}

function isSame(given: string, own: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(own)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** In lower case: hosts on the way change case, and old ones keep only that. */
function toText(number: number, chars: number): string {
  return toBase32(number, chars).toLowerCase();
}
