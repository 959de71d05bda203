// The folders of the archive: one for each user, in it one for each day, in it a file for each message.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export type DayFolder = Readonly<{ user: string; day: string; folder: string }>;

/** All folders of days. */
export async function* dayFolders(root: string): AsyncGenerator<DayFolder> {
  for (const user of await foldersIn(root))
    for (const day of await foldersIn(join(root, user))) yield { user, day, folder: join(root, user, day) };
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** The files of a day, the oldest first: ids are in the order of time. */
export async function filesOf(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.mail'))
    .sort()
    .map((name) => join(folder, name));
}

/** The files of all messages. */
export async function* allFiles(root: string): AsyncGenerator<string> {
  for await (const { folder } of dayFolders(root)) yield* await filesOf(folder);
}
