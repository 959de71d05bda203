// The stored message as compose reads it: from memory, or from a file that is never held whole unless it must be.
import { open, type FileHandle } from 'node:fs/promises';
import type { Part } from '../model/letter.ts';
import { hashBody, makeBodyHash, type BodyHash } from './canonical.ts';

/** A stored message: in memory, or a file of `size` bytes. */
export type StoredMessage = Buffer | Readonly<{ file: string; size: number }>;

const BLOCK_BYTES = 65_536;

/** The first `bytes` bytes. Rejects when the file is shorter: then it is not the message that was accepted. */
export async function readHead(message: StoredMessage, bytes: number): Promise<Buffer> {
  if (Buffer.isBuffer(message)) return message.subarray(0, bytes);
  return readRange(message.file, 0, bytes);
}

/** What follows the header, as a part of a letter; nothing is copied. */
export function bodyPart(message: StoredMessage, start: number): Part {
  if (Buffer.isBuffer(message)) return message.subarray(start);
  return { file: message.file, start, size: message.size - start };
}

/** Reads ranges of what follows the header; to be given back after use. */
export type Reader = AsyncDisposable &
  Readonly<{
    size: number;
    /** Fewer bytes than asked for only at the end. */
    read(start: number, size: number): Promise<Buffer>;
    part(start: number, size: number): Part;
  }>;

/** Opens a stored message for reading behind its header, which ends at `offset`. */
export async function makeReader(message: StoredMessage, offset: number): Promise<Reader> {
  const size = (Buffer.isBuffer(message) ? message.length : message.size) - offset;
  const upTo = (start: number, wanted: number): number => Math.max(0, Math.min(wanted, size - start));
  if (Buffer.isBuffer(message)) {
    const range = (start: number, wanted: number): Buffer =>
      message.subarray(offset + start, offset + start + upTo(start, wanted));
    return {
      size,
      read: (start, wanted) => Promise.resolve(range(start, wanted)),
      part: range,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const file = await open(message.file, 'r');
  return {
    size,
    read: (start, wanted) => readFrom(file, offset + start, upTo(start, wanted)),
    part: (start, wanted) => ({ file: message.file, start: offset + start, size: wanted }),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** bh= of a body in parts; files pass through block by block. */
export async function hashParts(parts: readonly Part[]): Promise<string> {
  const [only] = parts;
  if (parts.length === 1 && Buffer.isBuffer(only)) return hashBody(only);
  const hash = makeBodyHash();
  for (const part of parts) {
    if (Buffer.isBuffer(part)) hash.update(part);
    else await hashFile(part, hash);
  }
  return hash.digest();
}

async function hashFile(part: Exclude<Part, Buffer>, hash: BodyHash): Promise<void> {
  await using file = await open(part.file, 'r');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let done = 0;
  while (done < part.size) {
    const want = Math.min(BLOCK_BYTES, part.size - done);
    const got = await readSome(file, block, part.start + done, want);
    hash.update(block.subarray(0, got));
    done += got;
  }
}

/**
 * A body in memory. Files are read whole here: only for the rare peer without 8BITMIME, and at most the size of one
 * message, which the listener has bounded.
 */
export async function readParts(parts: readonly Part[]): Promise<Buffer> {
  const [only] = parts;
  if (parts.length === 1 && Buffer.isBuffer(only)) return only;
  const read = parts.map((part) =>
    Buffer.isBuffer(part) ? Promise.resolve(part) : readRange(part.file, part.start, part.size),
  );
  return Buffer.concat(await Promise.all(read));
}

/** Bytes of a body in parts. */
export function sizeOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : part.size), 0);
}

/** So many bytes of a file from `start`. Rejects when they are not there. */
export async function readRange(name: string, start: number, size: number): Promise<Buffer> {
  await using file = await open(name, 'r');
  return await readFrom(file, start, size); // it is closed when all of it is read, and not before
}

async function readFrom(file: FileHandle, start: number, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  for (let done = 0; done < size;) {
    done += await readSome(file, bytes.subarray(done), start + done, size - done);
  }
  return bytes;
}

async function readSome(file: FileHandle, into: Buffer, position: number, want: number): Promise<number> {
  const { bytesRead } = await file.read(into, 0, want, position);
  if (bytesRead === 0) throw new Error(`a stored message ends at byte ${position}, before its recorded size`);
  return bytesRead;
}
