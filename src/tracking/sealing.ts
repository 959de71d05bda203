// Sealed bytes in URLs: HMAC-SHA-256 makes the nonce and proves the content, AES-256-CTR hides it (the SIV construction). Pure.
import { hkdfSync, timingSafeEqual } from 'node:crypto';
import type { EpochMs } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import { makeMac, makeMask } from './fast.ts';

/** What a sealed text is for; one kind never opens as another. */
export type Kind = 'click' | 'open' | 'unsubscribe';

export type Sealing = Readonly<{
  /** base64url. The same input gives the same text: there is no chance in it. */
  seal(kind: Kind, period: number, plain: Buffer): string;
  /** Undefined for everything that was not sealed here, as this kind. */
  open(kind: Kind, text: string): Readonly<{ period: number; plain: Buffer }> | undefined;
}>;

const VERSION = 1;
const KINDS: Readonly<Record<Kind, number>> = { click: 1, open: 2, unsubscribe: 3 };
/** Version and kind in one byte, period in two. */
const HEAD_BYTES = 3;
const MAC_BYTES = 16;
const KEY_BYTES = 32;
/** Longer texts are none of ours, and are not looked at. */
const MAX_SEALED = 4096;
/** Keys of periods at hand. A stranger can name any period: no more than so many are kept. */
const MAX_KEYS = 64;
const PERIOD_MS = 30 * 86_400_000;

type Keys = Readonly<{
  mac(bytes: Buffer): Buffer;
  /** Hides bytes behind a nonce, or shows them again. */
  mask(bytes: Buffer, nonce: Buffer): Buffer;
}>;

/** The number of the 30 days that a moment is in: each has its own keys, so they change by themselves. */
export function periodOf(at: EpochMs): number {
  return Math.floor(at / PERIOD_MS);
}

/** Seals with keys that HKDF makes of the installation's master key, one pair for each period. */
export function makeSealing(master: Buffer): Sealing {
  const known = makeLru<Keys>(MAX_KEYS);
  const keysOf = (period: number): Keys => {
    const name = String(period);
    const found = known.get(name);
    if (found) return found;
    const made = deriveKeys(master, period);
    known.put(name, made);
    return made;
  };
  return {
    seal: (kind, period, plain) => {
      const keys = keysOf(period);
      const head = headOf(kind, period);
      const mac = macOf(keys, head, plain);
      return Buffer.concat([head, mac, keys.mask(plain, mac)]).toString('base64url');
    },
    open: (kind, text) => {
      const bytes = text.length > MAX_SEALED ? Buffer.alloc(0) : Buffer.from(text, 'base64url');
      // Decoding passes over what is no base64url; only the one way to write these bytes is ours.
      if (bytes.length < HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== text) return undefined;
      const period = bytes.readUInt16BE(1);
      const head = bytes.subarray(0, HEAD_BYTES);
      if (!head.equals(headOf(kind, period))) return undefined;
      const keys = keysOf(period);
      const mac = bytes.subarray(HEAD_BYTES, HEAD_BYTES + MAC_BYTES);
      const plain = keys.mask(bytes.subarray(HEAD_BYTES + MAC_BYTES), mac);
      return timingSafeEqual(mac, macOf(keys, head, plain)) ? { period, plain } : undefined;
    },
  };
}

function deriveKeys(master: Buffer, period: number): Keys {
  const info = `postino tracking ${VERSION} ${period}`;
  const bytes = Buffer.from(hkdfSync('sha256', master, '', info, 2 * KEY_BYTES));
  return { mac: makeMac(bytes.subarray(0, KEY_BYTES)), mask: makeMask(bytes.subarray(KEY_BYTES)) };
}

function headOf(kind: Kind, period: number): Buffer {
  return Buffer.from([VERSION * 16 + KINDS[kind], period >> 8, period & 255]);
}

function macOf(keys: Keys, head: Buffer, plain: Buffer): Buffer {
  return keys.mac(Buffer.concat([head, plain])).subarray(0, MAC_BYTES);
}
