// Whether files have changed: a stamp that is another one when they have.
import { stat } from 'node:fs/promises';

/** Changes when one of the files does, through links too; undefined when one is not there. */
export async function stampOf(...files: readonly string[]): Promise<string | undefined> {
  try {
    const stats = await Promise.all(files.map((file) => stat(file)));
    return stats.map((one) => `${one.ino}:${one.size}:${one.mtimeMs}`).join(' ');
  } catch {
    return undefined;
  }
}
