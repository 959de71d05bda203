// A folder of this host as a place for batch files.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { deadIn, isMissing, nothingIfMissing, stampIn, syncFolder } from '../../lib/files.ts';
import { reasonOf } from '../../lib/reason.ts';
import { lengthProblem, MAX_LISTED, type Content, type Place, type StoredFile } from '../place.ts';

/** Who fetches files is of the folder's group; others have no business with people's addresses. */
const MODE = 0o640;
/** An unfinished file of ours; its name has something of chance, for nobody else may write to it. */
const UNFINISHED = /\.[0-9a-f]{8}\.part$/;

/** Files are written beside their name and renamed: whoever fetches them never sees a half one. */
export function openFolder(root: string): Place {
  const appear = async (path: string, write: (unfinished: string) => Promise<void>): Promise<void> => {
    const whole = join(root, path);
    await makeFolderOf(root, path);
    // A new file of ours: others may write to this folder, and a link there would lead elsewhere.
    const unfinished = `${whole}.${randomBytes(4).toString('hex')}.part`;
    try {
      await write(unfinished);
      await finish(unfinished);
      await rename(unfinished, whole);
      await syncFolder(dirname(whole));
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined);
      throw error;
    }
  };
  return {
    put: (path, file) => appear(path, (unfinished) => copyFile(file, unfinished, constants.COPYFILE_EXCL)),
    list: (folder, wanted) => listFolder(root, folder, wanted),
    read: (path, maxBytes) => readFrom(root, path, maxBytes),
    write: (path, text) => appear(path, (unfinished) => writeFile(unfinished, text, { flag: 'wx' })),
    move: async (from, to, version) => {
      await makeFolderOf(root, to);
      const there = await lstat(join(root, from), { bigint: true }).catch(nothingIfMissing);
      if (!there || (version !== undefined && stampIn(there) !== version)) return false;
      const moved = await rename(join(root, from), join(root, to)).then(() => true, nothingIfMissing);
      return moved === true;
    },
  };
}

/** It is on disk before it has its name; what killed ones left beside it goes. */
async function finish(unfinished: string): Promise<void> {
  await using file = await open(unfinished, 'r+');
  await file.chmod(MODE);
  await file.sync();
  const { mtimeMs: now } = await file.stat();
  const dead = await deadIn(dirname(unfinished), (name) => UNFINISHED.test(name), now);
  for (const path of dead) await rm(path, { force: true });
}

/** Trouble of the disk passes by; what these say of a file stays so. */
const UNREADABLE: ReadonlySet<unknown> = new Set(['ELOOP', 'EACCES', 'EPERM', 'EISDIR', 'ENXIO']);

async function readFrom(root: string, path: string, maxBytes: number): Promise<Content> {
  await checkInside(root, dirname(path));
  try {
    // What was a file when it was listed may be a link by now, or a pipe.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using file = await open(join(root, path), flags);
    return await readWhole(file, maxBytes);
  } catch (error) {
    if (isMissing(error)) return { is: 'later' };
    if (error instanceof Error && 'code' in error && UNREADABLE.has(error.code))
      return { is: 'unreadable', problem: reasonOf(error), version: undefined };
    throw error;
  }
}

/** As long as it was when it was opened: whoever still writes to it could go on for ever. */
async function readWhole(file: FileHandle, maxBytes: number): Promise<Content> {
  const found = await file.stat({ bigint: true });
  const version = stampIn(found);
  const size = Number(found.size);
  const problem = found.isFile() ? lengthProblem(size, maxBytes) : 'it is no file';
  if (problem !== undefined) return { is: 'unreadable', problem, version };
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) return { is: 'later' };
    at += bytesRead;
  }
  const isSame = stampIn(await file.stat({ bigint: true })) === version;
  return isSame ? { is: 'read', bytes, version } : { is: 'later' };
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

async function listFolder(
  root: string,
  folder: string,
  wanted: (path: string) => boolean,
): Promise<readonly StoredFile[]> {
  await checkInside(root, folder);
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(nothingIfMissing);
  const files = (entries ?? [])
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.part') && wanted(entry.name))
    .slice(0, MAX_LISTED);
  const found = await Promise.all(files.map(({ name }) => describe(root, join(folder, name))));
  return found.filter((file) => file !== undefined);
}

/** Undefined when somebody else took it meanwhile. */
async function describe(root: string, path: string): Promise<StoredFile | undefined> {
  const found = await lstat(join(root, path)).catch(nothingIfMissing);
  return found && { path, bytes: found.size, at: found.mtimeMs };
}
