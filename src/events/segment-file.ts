// A segment as its readers see it, plain or compressed: text that is read from any place.
import { open, type FileHandle } from 'node:fs/promises';
import { nothingIfMissing } from '../lib/files.ts';
import { otherPath, PACKED, type Segment } from './folder.ts';
import { explained, readFrame, readTable, type Frame } from './packed.ts';

export type SegmentFile = AsyncDisposable &
  Readonly<{
    /** Bytes of text that it has at present. */
    size(): Promise<number>;
    /** Fills `buffer` with the text from byte `offset` on; resolves to how many bytes there were. */
    read(buffer: Buffer, offset: number): Promise<number>;
  }>;

/** Opens it in whichever form it is by now; undefined: it was too old and is gone. */
export async function openSegment({ path }: Pick<Segment, 'path'>): Promise<SegmentFile | undefined> {
  // It may be compressed, or the reverse, between two of these.
  return (await openAs(path)) ?? (await openAs(otherPath(path))) ?? openAs(path);
}

/** Bytes `start` to `end` of the text, as far as there is text. */
export async function readRange(file: SegmentFile, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(end - start);
  return buffer.subarray(0, await file.read(buffer, start));
}

/** Where somebody reads, and what each read is made into. */
export type ReadingPlace = { offset: number; buffer: Buffer };

/**
 * Whole lines from the place on, to the present end, in pieces of what one read gave. A piece stands at `place.offset` and
 * is good until the next one is asked for.
 */
export async function* wholeLines(
  file: Pick<SegmentFile, 'read'>,
  place: ReadingPlace,
): AsyncGenerator<Buffer> {
  for (;;) {
    const { buffer } = place;
    const bytesRead = await file.read(buffer, place.offset);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    if (end === 0 && bytesRead < buffer.length) return;
    if (end === 0) place.buffer = Buffer.allocUnsafe(buffer.length * 2); // for a line that is longer
    if (end > 0) yield buffer.subarray(0, end);
    place.offset += end;
  }
}

/** An open plain file as a segment. */
export function plainSegment(file: FileHandle): SegmentFile {
  return {
    size: async () => (await file.stat()).size,
    read: async (buffer, offset) => (await file.read(buffer, 0, buffer.length, offset)).bytesRead,
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openAs(path: string): Promise<SegmentFile | undefined> {
  const file = await open(path, 'r').catch(nothingIfMissing);
  if (!file || !path.endsWith(PACKED)) return file && plainSegment(file);
  try {
    return packedSegment(file, path, await readTable(file));
  } catch (error) {
    await file.close();
    throw explained(error, path);
  }
}

function packedSegment(file: FileHandle, path: string, frames: readonly Frame[]): SegmentFile {
  const last = frames.at(-1);
  let kept: Readonly<{ frame: Frame; text: Buffer }> | undefined;
  const textOf = async (frame: Frame): Promise<Buffer> => {
    if (kept?.frame === frame) return kept.text;
    const text = await readFrame(file, frame).catch((error: unknown) => {
      throw explained(error, path);
    });
    kept = { frame, text };
    return text;
  };
  return {
    size: () => Promise.resolve(last ? last.start + last.size : 0),
    read: async (buffer, offset) => {
      let filled = 0;
      while (filled < buffer.length) {
        const frame = frameAt(frames, offset + filled);
        if (!frame) break;
        filled += (await textOf(frame)).copy(buffer, filled, offset + filled - frame.start);
      }
      return filled;
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** The frame with byte `offset` of the text; undefined behind the end. */
function frameAt(frames: readonly Frame[], offset: number): Frame | undefined {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { start = 0, size = 0 } = frames[middle] ?? {};
    if (start + size <= offset) low = middle + 1;
    else high = middle;
  }
  return frames[low];
}
