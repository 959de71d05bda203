// Compressed segments: frames of zstd one behind the other and a table of them at the end, as zstd's seekable format has it.
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { promisify } from 'node:util';
import type { FileHandle } from 'node:fs/promises';

/** A frame: where its text stands in the segment, and where its bytes stand in the file. */
export type Frame = Readonly<{ start: number; size: number; at: number; bytes: number }>;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const LEVEL = 3;
/** A frame is as long as one read of the log, or as one line that is longer; more is no segment of ours. */
const MAX_TEXT = 64 * 1024 * 1024;
// The seekable format, zstd/contrib/seekable_format: a frame that decoders skip, with two numbers for each frame.
const SKIPPABLE = 0x184d2a5e;
const MARK = 0x8f92eab1;
const HEAD = 8;
const FOOT = 9;
const ENTRY = 8;

/** A file that is no whole compressed segment. */
export class DamagedSegment extends Error {
  override name = 'DamagedSegment';
}

/** Says of which file it is, and what to do. */
export function explained(error: unknown, path: string): unknown {
  if (!(error instanceof DamagedSegment)) return error;
  const text = `The compressed events in ${path} are damaged (${error.message}): put that file back from a backup, or take it away.`;
  return new DamagedSegment(text, { cause: error });
}

/** One frame with `text` in it, and a checksum. */
export function packFrame(text: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 };
  return compress(text, { params });
}

/** The text of a frame. Rejects with DamagedSegment. */
export async function readFrame(file: FileHandle, { at, bytes, size }: Frame): Promise<Buffer> {
  const packed = await readRange(file, at, bytes);
  try {
    const text = await decompress(packed, { maxOutputLength: size });
    if (text.length === size) return text;
  } catch (error) {
    throw new DamagedSegment('a frame cannot be decompressed', { cause: error });
  }
  throw new DamagedSegment('a frame has less text than the table says');
}

/** The bytes of a frame as they are. */
export function copyFrame(file: FileHandle, { at, bytes }: Frame): Promise<Buffer> {
  return readRange(file, at, bytes);
}

/** The table behind the frames. */
export function writeTable(frames: readonly Pick<Frame, 'size' | 'bytes'>[]): Buffer {
  const table = Buffer.alloc(HEAD + frames.length * ENTRY + FOOT);
  table.writeUInt32LE(SKIPPABLE, 0);
  table.writeUInt32LE(table.length - HEAD, 4);
  frames.forEach(({ size, bytes }, n) => {
    table.writeUInt32LE(bytes, HEAD + n * ENTRY);
    table.writeUInt32LE(size, HEAD + n * ENTRY + 4);
  });
  table.writeUInt32LE(frames.length, table.length - FOOT);
  table.writeUInt32LE(MARK, table.length - 4);
  return table;
}

/** Reads the table of a file. Rejects with DamagedSegment. */
export async function readTable(file: FileHandle): Promise<readonly Frame[]> {
  const { size } = await file.stat();
  const foot = await readRange(file, Math.max(0, size - FOOT), Math.min(size, FOOT));
  const count = foot.length === FOOT && foot.readUInt32LE(FOOT - 4) === MARK ? foot.readUInt32LE(0) : -1;
  const length = HEAD + count * ENTRY + FOOT;
  if (count < 0 || length > size) throw new DamagedSegment('its end is missing');
  const table = await readRange(file, size - length, length);
  const frames = readEntries(table, count);
  const last = frames.at(-1);
  const whole = (last ? last.at + last.bytes : 0) === size - length;
  if (!whole || frames.some((frame) => frame.size > MAX_TEXT))
    throw new DamagedSegment('its table does not fit the file');
  return frames;
}

function readEntries(table: Buffer, count: number): readonly Frame[] {
  const frames: Frame[] = [];
  let [start, at] = [0, 0];
  for (let n = 0; n < count; n++) {
    const bytes = table.readUInt32LE(HEAD + n * ENTRY);
    const size = table.readUInt32LE(HEAD + n * ENTRY + 4);
    frames.push({ start, size, at, bytes });
    start += size;
    at += bytes;
  }
  return frames;
}

async function readRange(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, start);
  return buffer.subarray(0, bytesRead);
}
