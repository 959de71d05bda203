// A folder of this host as a place for batch files.
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkLength, MAX_LISTED, type Place, type StoredFile } from '../place.ts';

/** Files are written beside their name and renamed: whoever fetches them never sees a half one. */
export function openFolder(root: string): Place {
  const appear = async (path: string, write: (unfinished: string) => Promise<void>): Promise<void> => {
    const whole = join(root, path);
    await mkdir(dirname(whole), { recursive: true });
    // A new file of ours: others may write to this folder, and a link there would lead elsewhere.
    await rm(`${whole}.part`, { force: true });
    await write(`${whole}.part`);
    await rename(`${whole}.part`, whole);
  };
  return {
    put: (path, file) => appear(path, (unfinished) => copyFile(file, unfinished, constants.COPYFILE_EXCL)),
    list: (folder) => listFolder(root, folder),
    read: async (path, maxBytes) => {
      const whole = join(root, path);
      checkLength((await stat(whole)).size, maxBytes);
      return readFile(whole, 'utf8');
    },
    write: (path, text) => appear(path, (unfinished) => writeFile(unfinished, text, { flag: 'wx' })),
    move: async (from, to) => {
      await mkdir(dirname(join(root, to)), { recursive: true });
      await rename(join(root, from), join(root, to));
    },
  };
}

async function listFolder(root: string, folder: string): Promise<readonly StoredFile[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
    .slice(0, MAX_LISTED);
  return Promise.all(
    files.map(async ({ name }) => {
      const { size, mtimeMs } = await stat(join(root, folder, name));
      return { path: join(folder, name), bytes: size, at: mtimeMs };
    }),
  );
}
