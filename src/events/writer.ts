// The writer of segments: appends lines, makes them safe with fsync, begins a new file by size and by day.
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { dayOf, type Cursor } from './cursor.ts';
import { syncFolder } from '../lib/files.ts';
import { makeFolder, segmentName } from './folder.ts';

export type WriterDeps = Readonly<{ folder: string; segmentBytes: number }>;

/** Writes one segment after the other. After a failed call it has forgotten all that was not synced. */
export type Writer = Readonly<{
  /** Appends whole lines, of which the first is at `cursor`. */
  append(text: string, cursor: Cursor): Promise<void>;
  /** Returns when all that was appended is on the disk. */
  sync(): Promise<void>;
  /** Closes the segment; the next append begins another. Never throws. */
  close(): Promise<void>;
}>;

const MAX_COPIES = 1000;

type Open = { file: FileHandle; path: string; day: string; size: number; safe: number };

export function makeWriter({ folder, segmentBytes }: WriterDeps): Writer {
  let current: Open | undefined;

  const close = async (): Promise<void> => {
    const { file } = current ?? {};
    current = undefined;
    await file?.close().catch(() => undefined);
  };

  /** What is on disk but not surely safe goes, so that a reader never sees an event that a power cut could take. */
  const forget = async (): Promise<void> => {
    const { file, path, safe } = current ?? {};
    await file?.truncate(safe).catch(() => undefined);
    await close();
    // A full disk is tried again and again: no empty file may stay each time.
    if (path !== undefined && safe === 0) await rm(path, { force: true }).catch(() => undefined);
  };

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await forget();
      throw error;
    }
  };

  const sync = async (): Promise<void> => {
    if (!current || current.safe === current.size) return;
    await current.file.datasync();
    current.safe = current.size;
  };

  const append = async (text: string, cursor: Cursor): Promise<void> => {
    const day = dayOf(cursor.ms);
    if (current && (current.day !== day || current.size >= segmentBytes)) {
      await sync();
      await close();
    }
    current ??= { ...(await begin(folder, cursor)), day, size: 0, safe: 0 };
    const bytes = Buffer.from(text);
    await writeAll(current.file, bytes);
    current.size += bytes.length;
  };

  return {
    append: (text, cursor) => guarded(() => append(text, cursor)),
    sync: () => guarded(sync),
    close,
  };
}

/** Never opens a file that is there: it holds what a writer that died has left, or one that is not dead yet. */
async function begin(folder: string, first: Cursor): Promise<Begun> {
  await makeFolder(folder);
  const begun = await openNew(folder, first, 1);
  // The name itself must survive a power cut too.
  await syncFolder(folder);
  return begun;
}

type Begun = Pick<Open, 'file' | 'path'>;

async function openNew(folder: string, first: Cursor, copy: number): Promise<Begun> {
  const path = join(folder, segmentName(first, copy));
  try {
    return { file: await open(path, 'wx', 0o600), path };
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!taken || copy >= MAX_COPIES) throw error;
    return openNew(folder, first, copy + 1);
  }
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten;
}
