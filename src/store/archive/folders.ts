// The folders of the archive: one for each user, in it one for each day, in it a file for each message.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';
import { nothingIfMissing } from '../../lib/files.ts';
import { isName, PART } from './entry.ts';

export type DayFolder = Readonly<{ user: string; day: string; folder: string }>;

/** All folders of days. */
export async function* dayFolders(root: string): AsyncGenerator<DayFolder> {
  // What is no user's may be the file system's own, which nobody can read.
  for (const user of (await foldersIn(root)).filter(isName))
    for (const day of await foldersIn(join(root, user))) yield { user, day, folder: join(root, user, day) };
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(nothingIfMissing)) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The files of a day, the oldest first: ids are in the order of time. */
export async function filesOf(folder: string): Promise<readonly string[]> {
  return filesEnding(folder, '.mail');
}

async function filesEnding(folder: string, end: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch(nothingIfMissing)) ?? [];
  return names
    .filter((name) => name.endsWith(end))
    .sort()
    .map((name) => join(folder, name));
}

/** Removes what a process that died has left half written. */
export async function removeAbandoned(root: string, before: EpochMs): Promise<void> {
  for await (const { folder } of dayFolders(root))
    for (const file of await filesEnding(folder, PART)) {
      const { mtimeMs = before } = (await stat(file).catch(nothingIfMissing)) ?? {};
      if (mtimeMs < before) await rm(file, { force: true });
    }
}

/** The files of all messages. */
export async function* allFiles(root: string): AsyncGenerator<string> {
  for await (const { folder } of dayFolders(root)) yield* await filesOf(folder);
}
