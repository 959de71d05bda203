// Changing events that are on disk, in their place: what a person's right to be forgotten asks for.
import { open, type FileHandle } from 'node:fs/promises';
import type { Event } from '../model/event.ts';
import { cursorText } from './cursor.ts';
import { isMissing } from '../lib/files.ts';
import { listSegments, otherPath, PACKED } from './folder.ts';
import { readLine } from './line.ts';
import { copyFrame, explained, packFrame, readFrame, readTable } from './packed.ts';
import { replaceFile, stampOf, stampOfOpen } from './replace.ts';
import { plainSegment, wholeLines } from './segment-file.ts';

export type Change = Readonly<{
  /** Text that the lines in question have, in any case of letters. */
  having: string;
  /** What the event becomes; undefined: it stays. It must not become longer. */
  change(event: Event): Event | undefined;
}>;

/** How many events were changed, and how many could not be, since they would have become longer. */
export type Rewritten = Readonly<{ changed: number; kept: number }>;

const BLOCK = 1024 * 1024;
const NOTHING: Rewritten = { changed: 0, kept: 0 };

/** One at a time in a process: a compressed segment is written anew as a whole. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Changes lines without moving any: a segment may be written, read and compressed at the same time, and another process may
 * change it, too.
 */
export function rewriteEvents(folder: string, change: Change): Promise<Rewritten> {
  const done = turn.then(() => rewriteAll(folder, change));
  turn = done.catch(() => undefined);
  return done;
}

async function rewriteAll(folder: string, change: Change): Promise<Rewritten> {
  /** As each file was when we were through with it. */
  const seen = new Map<string, string>();
  let sum = NOTHING;
  for (;;) {
    const files = (await listSegments(folder)).flatMap(({ path }) => [path, otherPath(path)]);
    let isNew = false;
    for (const path of files) {
      // A plain segment stays the same file whatever is written to it; a compressed one that is another was made meanwhile.
      const before = await stampOf(path);
      const known = seen.get(path);
      if (before === undefined || known === before || (known !== undefined && !path.endsWith(PACKED)))
        continue;
      isNew = true;
      const { changed, kept } = await rewriteOne(path, change);
      sum = { changed: sum.changed + changed, kept: sum.kept + kept };
      seen.set(path, (await stampOf(path)) ?? '');
    }
    if (!isNew) return sum;
  }
}

async function rewriteOne(path: string, change: Change): Promise<Rewritten> {
  for (;;) {
    try {
      await using file = await open(path, path.endsWith(PACKED) ? 'r' : 'r+');
      const done = await (path.endsWith(PACKED)
        ? rewritePacked(file, path, change)
        : rewritePlain(file, change));
      if (done) return done;
    } catch (error) {
      if (isMissing(error)) return NOTHING; // it was too old, a moment ago, or has another form
      throw explained(error, path);
    }
  }
}

async function rewritePlain(file: FileHandle, change: Change): Promise<Rewritten> {
  const place = { offset: 0, buffer: Buffer.allocUnsafe(BLOCK) };
  const sum = { ...NOTHING };
  for await (const lines of wholeLines(plainSegment(file), place))
    for (const { at, bytes } of changesIn(lines, change)) {
      if (bytes) await file.write(bytes, 0, bytes.length, place.offset + at);
      sum[bytes ? 'changed' : 'kept']++;
    }
  await file.datasync();
  return sum;
}

/** Makes it anew with the frames changed that have to be; undefined when it was replaced meanwhile by somebody else. */
async function rewritePacked(file: FileHandle, path: string, change: Change): Promise<Rewritten | undefined> {
  const before = await stampOfOpen(file);
  const frames = await readTable(file);
  const sum = { ...NOTHING };
  const changed = new Set<number>();
  for (const [n, frame] of frames.entries())
    for (const { bytes } of changesIn(await readFrame(file, frame), change)) {
      sum[bytes ? 'changed' : 'kept']++;
      if (bytes) changed.add(n);
    }
  if (changed.size === 0) return sum;
  const isOurs = await replaceFile(path, {
    write: async (put) => {
      for (const [n, frame] of frames.entries()) {
        if (!changed.has(n)) await put(await copyFrame(file, frame), frame.size);
        else await put(await packFrame(changedText(await readFrame(file, frame), change)), frame.size);
      }
    },
    mayReplace: async () => (await stampOf(path)) === before,
  });
  return isOurs ? sum : undefined;
}

function changedText(text: Buffer, change: Change): Buffer {
  for (const { at, bytes } of changesIn(text, change)) bytes?.copy(text, at);
  return text;
}

/** What becomes of lines that change, by where they begin; without bytes where the change does not fit. */
function* changesIn(
  lines: Buffer,
  { having, change }: Change,
): Generator<Readonly<{ at: number; bytes: Buffer | undefined }>> {
  const needle = JSON.stringify(having).slice(1, -1).toLowerCase();
  if (!lines.toString('utf8').toLowerCase().includes(needle)) return;
  for (
    let start = 0, end = lines.indexOf(0x0a);
    end >= 0;
    start = end + 1, end = lines.indexOf(0x0a, start)
  ) {
    const line = lines.toString('utf8', start, end);
    const other = line.toLowerCase().includes(needle) ? changedLine(line, change) : undefined;
    if (other) yield { at: start, bytes: fitted(other, end - start) };
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
