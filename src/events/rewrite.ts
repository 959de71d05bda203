// Changing events that are on disk, in their place: what a person's right to be forgotten asks for.
import { open, type FileHandle } from 'node:fs/promises';
import type { Event } from '../model/event.ts';
import { cursorText } from './cursor.ts';
import { isMissing, listSegments } from './folder.ts';
import { readLine } from './line.ts';

export type Change = Readonly<{
  /** Text that the lines in question have, in any case of letters. */
  having: string;
  /** What the event becomes; undefined: it stays. It must not become longer. */
  change(event: Event): Event | undefined;
}>;

const BLOCK = 1024 * 1024;

/**
 * Changes lines without moving any: a segment may be written and read at the same time. Answers how many were changed, and how
 * many could not be, since they would have become longer.
 */
export async function rewriteEvents(
  folder: string,
  change: Change,
): Promise<Readonly<{ changed: number; kept: number }>> {
  const sum = { changed: 0, kept: 0 };
  for (const { path } of await listSegments(folder)) {
    const file = await open(path, 'r+').catch((error: unknown) => {
      if (isMissing(error)) return undefined; // it was too old, a moment ago
      throw error;
    });
    if (!file) continue;
    try {
      await rewriteFile(file, change, sum);
      await file.datasync();
    } finally {
      await file.close();
    }
  }
  return sum;
}

async function rewriteFile(
  file: FileHandle,
  { having, change }: Change,
  sum: { changed: number; kept: number },
): Promise<void> {
  const needle = having.toLowerCase();
  let offset = 0;
  for (let size = BLOCK; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(size), 0, size, offset);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    if (end === 0 && bytesRead < size) return;
    size = end === 0 ? size * 2 : BLOCK; // a line longer than the block
    for (let start = 0; start < end;) {
      const next = buffer.indexOf(0x0a, start) + 1;
      const line = buffer.toString('utf8', start, next - 1);
      const other = line.toLowerCase().includes(needle) ? changedLine(line, change) : undefined;
      const bytes = other && fitted(other, next - 1 - start);
      if (bytes) await file.write(bytes, 0, bytes.length, offset + start);
      if (other) sum[bytes ? 'changed' : 'kept']++;
      start = next;
    }
    offset += end;
  }
}

type Parts = Readonly<{ event: string; cursor: string }>;

function changedLine(line: string, change: Change['change']): Parts | undefined {
  const recorded = readLine(line);
  const next = recorded && change(recorded.event);
  if (!recorded || !next) return undefined;
  return { event: JSON.stringify(next).slice(0, -1), cursor: `,"cursor":"${cursorText(recorded.cursor)}"}` };
}

/** Spaces before the cursor make up for what is gone. */
function fitted({ event, cursor }: Parts, length: number): Buffer | undefined {
  const left = length - Buffer.byteLength(event) - Buffer.byteLength(cursor);
  return left < 0 ? undefined : Buffer.from(event + ' '.repeat(left) + cursor);
}
