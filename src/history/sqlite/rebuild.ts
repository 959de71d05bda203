// A history that is made beside the one in use, and takes its place month by month while nobody writes the month.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Rebuilding } from '../history.ts';
import { comparePlaces, readPlace } from '../place.ts';
import { textAt } from '../columns.ts';
import { makeThread } from './ask.ts';
import { openToRead } from './database.ts';
import { allFiles, fileName, monthFiles, removeFile, type MonthName } from './months.ts';
import { openSqliteHistory, startOf, type OpenOptions } from './open.ts';
import { versionOf } from './schema.ts';

/** Begins with nothing, in a folder within that of the history. */
export function openSqliteRebuilding(options: OpenOptions): Rebuilding {
  const { folder } = options;
  const staging = join(folder, 'rebuild');
  rmSync(staging, { recursive: true, force: true });
  const made = openSqliteHistory({ ...options, folder: staging });
  const present = makeThread(startOf(options));
  return {
    take: (batch) => made.take(batch),
    swap: async (readOn) => {
      const months: MonthName[] = [];
      const kept: MonthName[] = [];
      for (const { month } of monthFiles(staging).toReversed()) {
        if (startsBefore(folder, staging, month)) {
          kept.push(month);
          continue;
        }
        await present.ask('lock', month);
        try {
          await readOn();
          await made.close(); // what is in the log beside the file goes into it
          replace(folder, staging, month);
        } finally {
          await present.ask('unlock');
        }
        months.push(month);
      }
      return { months, kept };
    },
    close: async () => {
      await Promise.all([made.close(), present.close()]);
      rmSync(staging, { recursive: true, force: true });
    },
  };
}

/** Does the month in use know events that are older than all that was read for the new one? */
function startsBefore(folder: string, staging: string, month: MonthName): boolean {
  const [old, made] = [firstOf(folder, month), firstOf(staging, month)];
  return old !== undefined && made !== undefined && comparePlaces(old, made) < 0;
}

function firstOf(folder: string, month: MonthName): ReturnType<typeof readPlace> {
  const name = monthFiles(folder).find((file) => file.month === month)?.name;
  if (name === undefined || !existsSync(join(folder, name))) return undefined;
  const database = openToRead(join(folder, name));
  try {
    if (versionOf(database) === 0) return undefined; // it has no tables yet
    return readPlace(
      textAt(database.prepare("SELECT value FROM meta WHERE name = 'first'").get() ?? {}, 'value'),
    );
  } finally {
    database.close();
  }
}

/** Under a name that was never used: what SQLite keeps beside the old one must not be taken for its own. */
function replace(folder: string, staging: string, month: MonthName): void {
  const old = allFiles(folder).filter((file) => file.month === month);
  const generation = Math.max(0, ...old.map((file) => file.generation)) + 1;
  renameSync(join(staging, fileName(month)), join(folder, fileName(month, generation)));
  for (const { name } of old) removeFile(join(folder, name));
}
