// Files: what is missing, told apart from all other trouble, and names that survive a power cut.
import { open } from 'node:fs/promises';

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
