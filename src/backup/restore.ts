// Brings an installation back from a backup: checked as a whole first, then written, and marked while it is unfinished.
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import { stampOf } from '../lib/moment.ts';
import type { Redis } from '../lib/script.ts';
import { unpack, type Manifest } from './archive.ts';
import { CONFIG_FILE, DATA_FOLDER, KEYS_FILE } from './backup.ts';
import { copiedSchema, hasKeys, removeKeys, writeKeys, type Copied } from './copy.ts';
import { isKept, KEPT_FILES } from './families.ts';
import { openWorkspace } from './workspace.ts';

export type RestoreDeps = Readonly<{
  redis: Redis;
  prefix: string;
  data: string;
  clock: Clock;
  /** The newest form of data in Redis that this version can read. */
  format: number;
  /**
   * Fingerprint of the master key that the restored installation will use: that of the configuration, or of the file in
   * this folder of keys.
   */
  masterKeyOf(keysFolder: string): string | undefined;
}>;

export type Restored = Readonly<
  | {
      ok: true;
      manifest: Manifest;
      keys: number;
      /** Where the files that were here before lie. */
      replaced: string | undefined;
      /** Where the configuration file of the backup lies; it is not put into its place. */
      config: string | undefined;
    }
  | { ok: false; problem: string }
>;

const BATCH = 200;
/** Key that is there while a restore is not finished: nothing starts on such a Redis. */
const MARK = 'restoring';

/** A sentence when a restore was begun here and did not end; then nothing must run on it. Rejects with RedisTrouble. */
export async function unfinishedRestore(redis: Redis, prefix: string): Promise<string | undefined> {
  const file = await redis.call('GET', prefix + MARK);
  if (typeof file !== 'string') return undefined;
  return `A restore from ${file} was interrupted, so settings are missing; run "postino restore ${file} --replace" again.`;
}

/**
 * Restores `file`. Without `replace` only into an installation that has nothing yet; with it what is there is removed, and
 * its files are kept in a folder beside. Mail in flight stays. Rejects with RedisTrouble or an error of the file system.
 */
export async function restore(deps: RestoreDeps, file: string, replace: boolean): Promise<Restored> {
  const { data } = deps;
  await mkdir(data, { recursive: true, mode: 0o700 });
  const folder = await openWorkspace(data, 'restore', deps.clock.now());
  try {
    const unpacked = await unpack(file, folder);
    if (!unpacked.ok) return unpacked;
    const { manifest } = unpacked;
    const problem = await refusal(deps, { folder, manifest, replace });
    if (problem !== undefined) return { ok: false, problem };
    await deps.redis.call('SET', deps.prefix + MARK, file);
    if (replace) await removeKeys(deps.redis, deps.prefix, isKept);
    const keys = await writeAll(deps, join(folder, KEYS_FILE));
    const replaced = await moveFiles(deps, join(folder, DATA_FOLDER));
    const config = await moveConfig(folder, data);
    await deps.redis.call('DEL', deps.prefix + MARK);
    return { ok: true, manifest, keys, replaced, config };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Why it cannot be restored here; nothing was changed then. */
async function refusal(
  deps: RestoreDeps,
  { folder, manifest, replace }: Readonly<{ folder: string; manifest: Manifest; replace: boolean }>,
): Promise<string | undefined> {
  const { redis, prefix } = deps;
  if (await hasKeys(redis, prefix, (key) => key.startsWith('lease:')))
    return 'A Postino is running on this Redis; stop it first (after a kill: wait 30 seconds).';
  if (!replace && (await hasKeys(redis, prefix, isKept)))
    return 'There are settings here already; say --replace to remove them and take those of the backup.';
  if (deps.masterKeyOf(join(folder, DATA_FOLDER, 'keys')) !== manifest.masterKey)
    return (
      'The secrets in this backup are sealed with a master key that is not here: set POSTINO_MASTER_KEY (or masterKey ' +
      'in the configuration) to the one of that installation.'
    );
  if (!manifest.files.some(({ path }) => path === KEYS_FILE))
    return `There is no ${KEYS_FILE} in it, so it is no whole backup; nothing was changed.`;
  for await (const { line, copied } of readLines(join(folder, KEYS_FILE))) {
    if (!copied) return `Line ${line} of ${KEYS_FILE} in the backup cannot be read; nothing was changed.`;
    if (copied.key === 'format' && formatIn(copied) > deps.format)
      return `This backup was made by Postino ${manifest.version}, in a form that this version cannot read: restore it with that one or a newer one. Nothing was changed.`;
  }
  return undefined;
}

/** The form of the data, as store/processes.ts marks it. */
function formatIn({ values }: Copied): number {
  return Number(hashIn(values).get('format') ?? 0);
}

async function writeAll({ redis, prefix }: RestoreDeps, path: string): Promise<number> {
  let count = 0;
  let batch: Copied[] = [];
  for await (const { copied } of readLines(path)) {
    // What no backup takes, none brings: mail in flight, sessions, what running processes hold.
    if (!copied || !isKept(copied.key)) continue;
    batch.push(copied);
    count++;
    if (batch.length < BATCH) continue;
    await writeKeys(redis, prefix, batch);
    batch = [];
  }
  await writeKeys(redis, prefix, batch);
  return count;
}

async function* readLines(
  path: string,
): AsyncGenerator<Readonly<{ line: number; copied: Copied | undefined }>> {
  let line = 0;
  for await (const text of textLines(path)) yield { line: ++line, copied: parseJson(text, copiedSchema) };
}

/** Not with node:readline: for it U+2028 and U+2029 end a line, too, and templates and names have them. */
async function* textLines(path: string): AsyncGenerator<string> {
  let left = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    const [first = '', ...others] = String(chunk).split('\n');
    left += first;
    for (const next of others) {
      yield left;
      left = next;
    }
  }
  if (left !== '') yield left;
}

/** Moves what was unpacked into the data folder; what was there goes to a folder beside, whose path is returned. */
async function moveFiles({ data, clock }: RestoreDeps, from: string): Promise<string | undefined> {
  const found = await readdir(from).catch(() => []);
  const names = found.filter((name) => KEPT_FILES.some((kept) => kept.name === name));
  const aside = join(data, `before-restore-${stampOf(clock.now())}`);
  let replaced: string | undefined;
  for (const name of names) {
    const there = await stat(join(data, name)).catch(() => undefined);
    if (there) {
      await mkdir(aside, { recursive: true, mode: 0o700 });
      await rename(join(data, name), join(aside, name));
      replaced = aside;
    }
    await rename(join(from, name), join(data, name));
  }
  return replaced;
}

async function moveConfig(folder: string, data: string): Promise<string | undefined> {
  const to = join(data, 'postino.yaml.restored');
  return rename(join(folder, CONFIG_FILE), to).then(
    () => to,
    () => undefined,
  );
}
