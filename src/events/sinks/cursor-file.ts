// The file of a sink's cursor: replaced whole, and not for every batch.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { cursorText, parseCursor, type Cursor } from '../cursor.ts';
import { isMissing } from '../../lib/files.ts';

export type CursorFile = Readonly<{
  read(): Promise<Cursor | undefined>;
  /** Writes it now, or within a second when it was just written. Rejects when the last one could not be written. */
  move(cursor: Cursor): Promise<void>;
  /** Returns when the last one is written. */
  flush(): Promise<void>;
}>;

/** So often at most; what a sink took since then may come again after a crash. */
const EVERY_MS = 1000;

/** The file `name` in `folder`, which is made when it is missing. */
export function openCursorFile(
  { folder, clock }: Readonly<{ folder: string; clock: Clock }>,
  name: string,
): CursorFile {
  const path = join(folder, name);
  let waiting: Cursor | undefined;
  let writing: Promise<void> = Promise.resolve();
  let nextAt = 0;
  let cancel: (() => void) | undefined;

  const replace = async (cursor: Cursor): Promise<void> => {
    await writeFile(`${path}.new`, `${cursorText(cursor)}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  };

  const write = async (): Promise<void> => {
    const cursor = waiting;
    if (!cursor) return;
    nextAt = clock.ticks() + EVERY_MS;
    await replace(cursor).catch(async (error: unknown) => {
      if (!isMissing(error)) throw error;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await replace(cursor);
    });
    if (waiting === cursor) waiting = undefined;
  };

  const flush = (): Promise<void> => {
    cancel?.();
    cancel = undefined;
    writing = writing.catch(() => undefined).then(write);
    return writing;
  };

  return {
    read: async () => parseCursor((await readFile(path, 'utf8').catch(() => '')).trim()),
    move: async (cursor) => {
      waiting = cursor;
      if (clock.ticks() >= nextAt) return flush();
      // What cannot be written now is tried with the next one, which tells.
      cancel ??= clock.after(nextAt - clock.ticks(), () => void flush().catch(() => undefined));
    },
    flush,
  };
}
