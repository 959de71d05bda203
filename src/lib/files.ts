// Files: what is missing, told apart from all other trouble, names that survive a power cut, and what killed processes left.
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** True for "no such file or folder". */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** For `catch`: where a file is missing there is nothing; any other trouble stays trouble. */
export function nothingIfMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined;
  throw error;
}

/** Makes what was done to names in the folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  await using directory = await open(folder, 'r');
  await directory.sync();
}

/** Which file it is and whether it was written to: another one, or another state of it, has another stamp. */
export function stampIn({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs].join('-');
}

/** Nothing is written to what is unfinished for so long unless its writer was killed. */
const DEAD_MS = 24 * 3_600_000;

/** What killed processes left unfinished in the folder, by its path; `now` by the clock of the file system. */
export async function deadIn(
  folder: string,
  isUnfinished: (name: string) => boolean,
  now: number,
): Promise<readonly string[]> {
  const dead: string[] = [];
  for (const name of (await readdir(folder)).filter(isUnfinished)) {
    const path = join(folder, name);
    const found = await lstat(path).catch(nothingIfMissing);
    if (found && now - found.mtimeMs > DEAD_MS) dead.push(path);
  }
  return dead;
}
