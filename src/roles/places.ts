// Where the files lie that come with Postino: beside the sources, and beside the compiled program.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the folder config that comes with the program. */
export function findConfig(name: string): string {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const path = join(root, 'config', name);
  if (existsSync(path)) return path;
  throw new Error(`${path} is missing: this installation is not complete`);
}
