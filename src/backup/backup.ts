// Makes a backup of an installation while it runs: settings and knowledge from Redis, keys, events and history from disk.
import { createWriteStream } from 'node:fs';
import { cp, mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Clock } from '../lib/clock.ts';
import { nothingIfMissing } from '../lib/files.ts';
import type { Redis } from '../lib/script.ts';
import { pack, type Manifest } from './archive.ts';
import { copyKeys } from './copy.ts';
import { isKept, KEPT_FILES } from './families.ts';
import { openWorkspace } from './workspace.ts';

export type BackupDeps = Readonly<{
  redis: Redis;
  prefix: string;
  /** The data folder. */
  data: string;
  /** The configuration file; undefined where there is none. */
  configFile: string | undefined;
  hostname: string;
  version: string;
  /** Fingerprint of the master key in use. */
  masterKey: string;
  /** Copies the history's files from one folder to another, whole while they are written. */
  copyHistory(from: string, to: string): void;
  clock: Clock;
}>;

export type Backup = Readonly<{
  file: string;
  manifest: Manifest;
  /** How many lines of keys it has. */
  keys: number;
  bytes: number;
  /** Whether the master key itself is in it. */
  hasMasterKey: boolean;
}>;

/** Where the keys of Redis lie in a backup, and the data folder's files. */
export const KEYS_FILE = 'redis.jsonl';
export const DATA_FOLDER = 'data';
export const CONFIG_FILE = 'postino.yaml';
/** So much of what is free may be taken for the copy. */
const MAX_SHARE = 0.8;

/** Writes the backup to `file`. Rejects with RedisTrouble or an error of the file system; then there is no file. */
export async function makeBackup(deps: BackupDeps, file: string, what: Manifest['what']): Promise<Backup> {
  const folder = await openWorkspace(deps.data, 'backup', deps.clock.now());
  try {
    await checkRoom(deps.data, what);
    if (deps.configFile !== undefined) await cp(deps.configFile, join(folder, CONFIG_FILE));
    const keys = await writeKeysFile(deps, join(folder, KEYS_FILE));
    for (const { name, settings } of KEPT_FILES)
      if (settings || what === 'all') await copyOf(name, deps, join(folder, DATA_FOLDER));
    const { hostname, version, masterKey, clock } = deps;
    const manifest = await pack(folder, file, { hostname, version, masterKey, what, at: clock.now() });
    const hasMasterKey = manifest.files.some(({ path }) => path === `${DATA_FOLDER}/keys/master.key`);
    return { file, manifest, keys, bytes: (await stat(file)).size, hasMasterKey };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The relay that goes on beside needs the disk more: its mail is written there. */
async function checkRoom(data: string, what: Manifest['what']): Promise<void> {
  let bytes = 0;
  for (const { name, settings } of KEPT_FILES)
    if (settings || what === 'all') bytes += await bytesOf(join(data, name));
  const { bavail, bsize } = await statfs(data);
  if (bytes <= bavail * bsize * MAX_SHARE) return;
  const [needed, free] = [bytes, bavail * bsize].map((size) => `${(size / 1e6).toFixed(0)} MB`);
  throw new Error(
    `A backup is a copy of ${needed} first, for which there is no room in ${data} (${free} are free): nothing was written.`,
  );
}

async function bytesOf(path: string): Promise<number> {
  const found = await stat(path).catch(nothingIfMissing);
  if (!found?.isDirectory()) return found?.size ?? 0;
  let bytes = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const inside = entry.isFile() ? join(entry.parentPath, entry.name) : undefined;
    if (inside !== undefined) bytes += (await stat(inside).catch(nothingIfMissing))?.size ?? 0;
  }
  return bytes;
}

async function writeKeysFile({ redis, prefix }: BackupDeps, path: string): Promise<number> {
  const out = createWriteStream(path, { mode: 0o600 });
  const ended = finished(out);
  let count = 0;
  for await (const copied of copyKeys(redis, prefix, isKept)) {
    count++;
    if (!out.write(`${JSON.stringify(copied)}\n`)) await Promise.race([drained(out), ended]);
  }
  out.end();
  await ended;
  return count;
}

function drained(out: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => out.once('drain', resolve));
}

async function copyOf(name: string, { data, copyHistory }: BackupDeps, to: string): Promise<void> {
  const from = join(data, name);
  const found = await stat(from).catch(() => undefined);
  if (!found) return;
  if (found.isFile()) return cp(from, join(to, name), { preserveTimestamps: true });
  if (name === 'history') {
    await mkdir(join(to, name), { recursive: true, mode: 0o700 });
    return copyHistory(from, join(to, name));
  }
  await mkdir(join(to, name), { recursive: true, mode: 0o700 });
  await copyChanging(from, join(to, name));
}

/** Until nothing is there that was not copied: segments of events grow, and become compressed ones of another name. */
async function copyChanging(from: string, to: string): Promise<void> {
  const done = new Set<string>();
  for (;;) {
    const names = (await readdir(from)).filter((name) => !done.has(name) && !/\.(?:new|old)$/.test(name));
    if (names.length === 0) return;
    for (const name of names) {
      done.add(name);
      const options = { recursive: true, force: true, preserveTimestamps: true };
      await cp(join(from, name), join(to, name), options).catch((error: unknown) => {
        const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (!isGone) throw error;
      });
    }
  }
}
