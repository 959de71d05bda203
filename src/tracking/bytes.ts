// Compact binary pieces of tokens: numbers in 7-bit groups, texts with their length before them, ids in 16 bytes. Pure.
import { fromBase32, toBase32 } from '../lib/base32.ts';

const DELIVERY = /^([0-7][0-9A-HJKMNP-TV-Z]{25})-([1-9]\d{0,8})$/;
/** Three groups of eight characters follow the first two: 40 bits each. */
const GROUP_CHARS = 8;
const GROUP_BYTES = 5;
const ID_BYTES = 16;
/** 35 bits: more than any number of ours. */
const MAX_NUMBER_BYTES = 5;

/** A whole number from 0 on. */
export function packNumber(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** A text in UTF-8, behind its length. */
export function packText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([packNumber(bytes.length), bytes]);
}

/** A list of texts, behind their number. */
export function packList(texts: readonly string[]): Buffer {
  return Buffer.concat([packNumber(texts.length), ...texts.map(packText)]);
}

/** A delivery's id, "<ULID>-<n>"; undefined when it is none. */
export function packDelivery(id: string): Buffer | undefined {
  const [, ulid, count] = DELIVERY.exec(id) ?? [];
  if (ulid === undefined) return undefined;
  const bytes = Buffer.alloc(ID_BYTES);
  bytes.writeUInt8(fromBase32(ulid.slice(0, 2)));
  for (let group = 0; group < 3; group++) {
    const start = 2 + group * GROUP_CHARS;
    bytes.writeUIntBE(
      fromBase32(ulid.slice(start, start + GROUP_CHARS)),
      1 + group * GROUP_BYTES,
      GROUP_BYTES,
    );
  }
  return Buffer.concat([bytes, packNumber(Number(count))]);
}

/** Reads what was packed, in the same order. What is not there reads as 0 or "", and `ok` says so at the end. */
export type Reader = Readonly<{
  number(): number;
  text(): string;
  list(): readonly string[];
  delivery(): string;
  take(count: number): Buffer;
  rest(): Buffer;
  /** False once something was asked for that was not there. */
  ok(): boolean;
}>;

/** Reads from the first byte on. */
export function makeReader(bytes: Buffer): Reader {
  let at = 0;
  let ok = true;
  /** Moves on by so many bytes; returns where they began. */
  const pass = (count: number): number => {
    const start = at;
    at = Math.min(bytes.length, at + count);
    ok &&= at === start + count;
    return start;
  };
  const number = (): number => {
    let value = 0;
    for (let i = 0; i < MAX_NUMBER_BYTES; i++) {
      const byte = bytes[pass(1)] ?? 0;
      value += (byte % 128) * 128 ** i;
      if (byte < 128) return value;
    }
    ok = false;
    return 0;
  };
  const take = (count: number): Buffer => bytes.subarray(pass(count), at);
  const text = (): string => {
    const length = number();
    return length === 0 ? '' : bytes.toString('utf8', pass(length), at);
  };
  return {
    number,
    text,
    take,
    list: () => {
      const texts: string[] = [];
      for (let left = number(); left > 0 && ok; left--) texts.push(text());
      return texts;
    },
    delivery: () => {
      const id = take(ID_BYTES);
      return ok ? `${toUlid(id)}-${number()}` : '';
    },
    rest: () => take(bytes.length - at),
    ok: () => ok,
  };
}

function toUlid(bytes: Buffer): string {
  const groups = [0, 1, 2].map((group) => bytes.readUIntBE(1 + group * GROUP_BYTES, GROUP_BYTES));
  return toBase32(bytes.readUInt8(), 2) + groups.map((value) => toBase32(value, GROUP_CHARS)).join('');
}
