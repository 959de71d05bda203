// Archives: a folder becomes one compressed tar file with a manifest, and back; the only file that imports tar.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readFile, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { deadIn, syncFolder } from '../lib/files.ts';
import { parseJson } from '../lib/json.ts';
import { reasonOf } from '../lib/reason.ts';

const fileSchema = z.strictObject({ path: z.string(), bytes: z.number(), sha256: z.string() });

/** It is shown on a terminal. */
const plain = z.string().regex(/^\P{Cc}{0,255}$/u);

const manifestSchema = z.strictObject({
  /** Grows when older versions could not read what is in it. */
  format: z.literal(1),
  /** Of Postino. */
  version: plain,
  /** Epoch milliseconds. */
  at: z.number().int().min(0).max(8.64e15),
  hostname: plain,
  what: z.enum(['all', 'settings']),
  /** Tells whether a master key is the one that the secrets in here were sealed with. */
  masterKey: z.string(),
  files: z.array(fileSchema),
});

export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

const MANIFEST = 'manifest.json';
const UNFINISHED = /\.[0-9a-f]{8}\.new$/;
/** A file in the archive is never larger when it is unpacked. */
const MAX_FILE_BYTES = 64 * 1024 ** 3;

/** Every file below `folder`, as paths from there, sorted; links and special files are left out. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/**
 * Packs `folder` into `file`, mode 0600, synced; the file appears whole or not at all. Rejects with an error of the file
 * system.
 */
export async function pack(
  folder: string,
  file: string,
  about: Omit<Manifest, 'files' | 'format'>,
): Promise<Manifest> {
  const paths = await filesBelow(folder);
  const files = [];
  for (const path of paths) files.push(await describe(folder, path));
  const manifest: Manifest = { format: 1, ...about, files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  await mkdir(dirname(file), { recursive: true });
  // Of its own: two backups to one file, such as of a night that took longer than a day, must not write into each other.
  const unfinished = `${file}.${randomBytes(4).toString('hex')}.new`;
  try {
    // A new file of ours: not one that lies there with another mode, nor what a link there leads to.
    await writeFile(unfinished, '', { mode: 0o600, flag: 'wx' });
    await removeDead(unfinished);
    const { create } = await import('tar');
    await create({ gzip: true, file: unfinished, cwd: folder, portable: true }, [MANIFEST, ...paths]);
    await using written = await open(unfinished, 'r+');
    await written.sync();
    await rename(unfinished, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return manifest;
}

/** What killed backups left in the same folder: each is as large as a backup, and has the keys in it. */
async function removeDead(unfinished: string): Promise<void> {
  const { mtimeMs: now } = await stat(unfinished);
  const dead = await deadIn(dirname(unfinished), (name) => UNFINISHED.test(name), now);
  for (const path of dead) await rm(path, { force: true });
}

async function describe(folder: string, path: string): Promise<Manifest['files'][number]> {
  const whole = join(folder, path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(whole)) hash.update(chunk);
  return { path, bytes: (await stat(whole)).size, sha256: hash.digest('hex') };
}

export type Unpacked = Readonly<{ ok: true; manifest: Manifest } | { ok: false; problem: string }>;

/** Unpacks `file` into the empty `folder` and checks every byte against the manifest. */
export async function unpack(file: string, folder: string): Promise<Unpacked> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const problem = await extractAll(file, folder);
  if (problem !== undefined) return { ok: false, problem };
  await keepToOurselves(folder);
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '');
  const manifest = parseJson(text, manifestSchema);
  if (!manifest)
    return {
      ok: false,
      problem: `${file} is not a backup of Postino, or one of a newer version: nothing was changed.`,
    };
  await rm(join(folder, MANIFEST));
  const paths = await filesBelow(folder);
  const found = await Promise.all(paths.map((path) => describe(folder, path)));
  if (JSON.stringify(found) !== JSON.stringify(manifest.files))
    return { ok: false, problem: `${file} is damaged or was changed: nothing was restored from it.` };
  return { ok: true, manifest };
}

/** As they are at home: folders are not in the archive, and everybody could look into new ones. */
async function keepToOurselves(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries)
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
}

async function extractAll(file: string, folder: string): Promise<string | undefined> {
  try {
    let bytes = 0;
    // To its end, so that of a damaged file nothing is written.
    const { extract, list } = await import('tar'); // loaded here, since every command knows this file
    await list({ file, strict: true, onReadEntry: ({ size }) => void (bytes += size) });
    const { bavail, bsize } = await statfs(folder);
    if (bytes > bavail * bsize)
      return `What is in ${file} has ${bytes} bytes, for which there is no room: nothing was changed.`;
    await extract({
      file,
      cwd: folder,
      strict: true,
      preservePaths: false,
      filter: (_path, entry) =>
        'type' in entry &&
        (entry.type === 'File' || entry.type === 'Directory') &&
        (entry.size ?? 0) < MAX_FILE_BYTES,
    });
    return undefined;
  } catch (error) {
    return `${file} cannot be read as a backup (${reasonOf(error)}): nothing was changed.`;
  }
}
