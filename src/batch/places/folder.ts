// A folder of this host as a place for batch files.
import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { checkLength, MAX_LISTED, type Place, type StoredFile } from '../place.ts';

/** Files are written beside their name and renamed: whoever fetches them never sees a half one. */
export function openFolder(root: string): Place {
  const appear = async (path: string, write: (unfinished: string) => Promise<void>): Promise<void> => {
    const whole = join(root, path);
    await makeFolderOf(root, path);
    // A new file of ours: others may write to this folder, and a link there would lead elsewhere.
    await rm(`${whole}.part`, { force: true });
    await write(`${whole}.part`);
    await rename(`${whole}.part`, whole);
  };
  return {
    put: (path, file) => appear(path, (unfinished) => copyFile(file, unfinished, constants.COPYFILE_EXCL)),
    list: (folder) => listFolder(root, folder),
    read: async (path, maxBytes) => {
      await checkInside(root, dirname(path));
      // What was a file when it was listed may be a link by now, or a pipe.
      await using file = await open(
        join(root, path),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      const found = await file.stat();
      if (!found.isFile()) throw new Error('it is no file');
      checkLength(found.size, maxBytes);
      return await file.readFile('utf8');
    },
    write: (path, text) => appear(path, (unfinished) => writeFile(unfinished, text, { flag: 'wx' })),
    move: async (from, to) => {
      await makeFolderOf(root, to);
      await rename(join(root, from), join(root, to));
    },
  };
}

async function makeFolderOf(root: string, path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await checkInside(root, dirname(path));
}

/** Others may write to this folder: a link in the place of a folder in it would lead elsewhere. A missing one is inside. */
async function checkInside(root: string, folder: string): Promise<void> {
  const real = await realpath(join(root, folder)).catch(() => undefined);
  if (real === undefined) return;
  const home = await realpath(root);
  if (real !== home && !real.startsWith(home.endsWith(sep) ? home : home + sep))
    throw new Error(`${folder} is a link that leads out of its place`);
}

async function listFolder(root: string, folder: string): Promise<readonly StoredFile[]> {
  await checkInside(root, folder);
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
