// Relaxed canonicalisation of header fields and bodies (RFC 6376 §3.4.2 and §3.4.4), bodies block by block. Pure.
import { createHash, type Hash } from 'node:crypto';
import type { Field } from '../mail/headers.ts';

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const BLOCK_BYTES = 65_536;

/** The hash of a body, fed in blocks of any size. */
export type BodyHash = Readonly<{
  update(block: Buffer): void;
  /** SHA-256 of the relaxed body in base64, the bh= of a signature. Ends the hash. */
  digest(): string;
}>;

/** One field in relaxed form with its CRLF; the bytes as latin1 characters. */
export function relaxedField(header: Buffer, field: Field): string {
  return `${field.name}:${relaxedValue(header.toString('latin1', field.valueStart, field.end))}\r\n`;
}

/** A raw field value (latin1) in relaxed form. In a field every line end begins a folded line, or ends the field. */
export function relaxedValue(raw: string): string {
  const squeezed = raw.replace(/[ \t\r\n]+/g, ' ');
  // Not trim(): it would take 0xA0, which is a byte of UTF-8 text here.
  const start = squeezed.startsWith(' ') ? 1 : 0;
  const end = squeezed.length > start && squeezed.endsWith(' ') ? squeezed.length - 1 : squeezed.length;
  return squeezed.slice(start, end);
}

/** bh= of a body that is in memory. */
export function hashBody(body: Buffer): string {
  const hash = makeBodyHash();
  hash.update(body);
  return hash.digest();
}

/** What a block left open: it is written only when an ordinary byte follows. */
type Open = { emptyLines: number; space: boolean; cr: boolean; written: boolean };

// One for all: a block is squeezed and hashed in one synchronous step. Twice a block, because line ends that
// were held back come on top.
const squeezed = Buffer.allocUnsafeSlow(BLOCK_BYTES * 2 + 16);

/** Starts the hash of a relaxed body. */
export function makeBodyHash(): BodyHash {
  const hash = createHash('sha256');
  const open: Open = { emptyLines: 0, space: false, cr: false, written: false };
  return {
    update: (block) => {
      for (let at = 0; at < block.length; at += BLOCK_BYTES) {
        squeeze(block.subarray(at, at + BLOCK_BYTES), open, hash);
      }
    },
    digest: () => {
      // A CR that nothing followed is an ordinary character; white space at the end is not.
      if (open.cr) hash.update(squeezed.subarray(0, writeOpen(open, hash, 0)));
      // §3.4.4: a body that is not empty ends in one CRLF; an empty one stays empty.
      if (open.written) hash.update('\r\n');
      return hash.digest('base64');
    },
  };
}

function squeeze(block: Buffer, open: Open, hash: Hash): void {
  let size = 0;
  for (let i = 0; i < block.length; i++) {
    let byte = block[i] ?? 0;
    if (open.cr && byte !== LF) size = writeOpen(open, hash, size); // it was no line end
    if (byte === SPACE || byte === TAB) {
      open.space = true;
    } else if (byte === CR) {
      open.cr = true;
    } else if (byte === LF && open.cr) {
      open.emptyLines++;
      open.space = false;
      open.cr = false;
    } else {
      size = writeOpen(open, hash, size);
      open.written = true;
      // The run up to the next white space or line end: nearly all bytes of a mail pass here.
      do {
        squeezed[size++] = byte;
        byte = block[++i] ?? 0;
      } while (byte > SPACE);
      i--;
    }
  }
  hash.update(squeezed.subarray(0, size));
}

/** Writes what was held back (line ends, one space, a lone CR) at `size`; returns the new size. */
function writeOpen(open: Open, hash: Hash, from: number): number {
  let size = from;
  for (; open.emptyLines > 0; open.emptyLines--) {
    if (size > BLOCK_BYTES) {
      hash.update(squeezed.subarray(0, size));
      size = 0;
    }
    squeezed[size++] = CR;
    squeezed[size++] = LF;
  }
  if (open.space) squeezed[size++] = SPACE;
  if (open.cr) squeezed[size++] = CR;
  if (open.cr) open.written = true;
  open.space = false;
  open.cr = false;
  return size;
}
