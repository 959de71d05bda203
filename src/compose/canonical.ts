// Relaxed canonicalisation of header fields and bodies (RFC 6376 §3.4.2 and §3.4.4), bodies block by block. Pure.
import { createHash } from 'node:crypto';
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

// Nobody waits between filling and hashing it, so one serves all bodies.
const squeezed = Buffer.allocUnsafeSlow(BLOCK_BYTES + 2);
const lineEnds = Buffer.from('\r\n'.repeat(2048));

/** Starts the hash of a relaxed body. */
export function makeBodyHash(): BodyHash {
  const hash = createHash('sha256');
  // Held back until something follows: line ends, then at most a space and a CR.
  let heldLines = 0;
  let heldTail = '';
  let written = false;

  const write = (text: Buffer | string): void => {
    for (let bytes = heldLines * 2; bytes > 0; bytes -= lineEnds.length) {
      hash.update(lineEnds.subarray(0, bytes));
    }
    hash.update(text);
    heldLines = 0;
    written = true;
  };

  const add = (block: Buffer): void => {
    const plain = heldTail === '' && isSqueezed(block);
    const text = plain ? block : squeezed.subarray(0, squeeze(block, squeezed.write(heldTail, 'latin1')));
    const end = endOfText(text);
    heldTail = text.toString('latin1', end);
    const textEnd = endOfLines(text, end);
    if (textEnd > 0) write(text.subarray(0, textEnd));
    heldLines += (end - textEnd) / 2;
  };

  return {
    update: (block) => {
      for (let at = 0; at < block.length; at += BLOCK_BYTES) add(block.subarray(at, at + BLOCK_BYTES));
    },
    digest: () => {
      // A CR that nothing followed is an ordinary character; white space at the end is not.
      if (heldTail.endsWith('\r')) write(heldTail);
      // §3.4.4: a body that is not empty ends in one CRLF; an empty one stays empty.
      if (written) hash.update('\r\n');
      return hash.digest('base64');
    },
  };
}

/** Appends a block to the `size` bytes in `squeezed`: runs of white space as one space, none before a CRLF. */
function squeeze(block: Buffer, from: number): number {
  let size = from;
  let previous = size > 0 ? squeezed[size - 1] : 0;
  for (let i = 0; i < block.length; i++) {
    let byte = block[i] ?? 0;
    if (byte <= SPACE) {
      if (byte === TAB) byte = SPACE;
      if (byte === SPACE && previous === SPACE) continue;
      if (byte === LF && previous === CR && size > 1 && squeezed[size - 2] === SPACE) {
        size--; // the space before the CR goes
        squeezed[size - 1] = CR;
      }
    }
    squeezed[size++] = byte;
    previous = byte;
  }
  return size;
}

/** True when nothing in the block has to change. Native searches: attachments in base64 pass at memory speed. */
function isSqueezed(block: Buffer): boolean {
  if (block.includes(TAB)) return false;
  return !block.includes(SPACE) || !/ [ \r]/.test(block.toString('latin1'));
}

/** Where the text ends, without a space or CR of which the next block decides. */
function endOfText(text: Buffer): number {
  const end = text.at(-1) === CR ? text.length - 1 : text.length;
  return text[end - 1] === SPACE ? end - 1 : end;
}

/** The same without the line ends before it. */
function endOfLines(text: Buffer, size: number): number {
  let end = size;
  while (end >= 2 && text[end - 1] === LF && text[end - 2] === CR) end -= 2;
  return end;
}
