// A compressed segment put in its place as a whole: written beside it, made safe, renamed.
import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMissing, nothingIfMissing, stampIn, syncFolder } from '../lib/files.ts';
import { otherPath } from './folder.ts';
import { writeTable } from './packed.ts';

/** Takes the next frame, with so many bytes of text in it. */
export type Put = (frame: Buffer, size: number) => Promise<void>;

/** What the name of a file ends in that is not finished. */
export const UNFINISHED = '.new';

/** What the name of a file ends in that is being taken away. */
export const RETIRED = '.old';

/** Which file a path leads to and whether it was written to: another one, or another state of it, has another stamp; undefined: there is none. */
export async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(nothingIfMissing);
  return found && stampIn(found);
}

/** The same of a file that is open, whatever its path leads to by now. */
export async function stampOfOpen(file: FileHandle): Promise<string> {
  return stampIn(await file.stat({ bigint: true }));
}

/** Writes frames and their table to `path`. False when that was not to be after all; on failure nothing is left of it. */
export function replaceFile(
  path: string,
  { write, mayReplace }: Readonly<{ write(put: Put): Promise<void>; mayReplace(): Promise<boolean> }>,
): Promise<boolean> {
  return replaceWith(path, mayReplace, async (file) => {
    const frames: Readonly<{ size: number; bytes: number }>[] = [];
    await write(async (frame, size) => {
      await file.writeFile(frame);
      frames.push({ size, bytes: frame.length });
    });
    await file.writeFile(writeTable(frames));
  });
}

/** The same with whatever `fill` writes. */
export async function replaceWith(
  path: string,
  mayReplace: () => Promise<boolean>,
  fill: (file: FileHandle) => Promise<void>,
): Promise<boolean> {
  const beside = `${path}.${randomBytes(4).toString('hex')}${UNFINISHED}`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    if (!(await mayReplace())) return false;
    await rename(beside, path);
    await syncFolder(dirname(path));
    return true;
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Takes one form of a segment away where the other one is there. Two processes that take one form each at the same time, since
 * one of them was paused while it held the lease, leave at least one. Resolves to whether it is gone.
 */
export async function retire(path: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(4).toString('hex')}${RETIRED}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
  return endRetiring(aside);
}

/** The second half, for what a process that died has left, too. */
export async function endRetiring(aside: string): Promise<boolean> {
  const path = aside.slice(0, -`.00000000${RETIRED}`.length);
  const isSafe = (await stampOf(otherPath(path))) !== undefined || (await stampOf(path)) !== undefined;
  if (isSafe) await rm(aside, { force: true });
  else await rename(aside, path);
  return isSafe;
}
