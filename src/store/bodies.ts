// Bodies of accepted mail: in memory for a while, in Redis with the record, or in a file when they are large.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scanHash } from './scan-hash.ts';
import type { Clock } from '../lib/clock.ts';
import { newId, timeOfId } from '../lib/ids.ts';
import type { Redis } from '../lib/script.ts';
import { readSubmission, type Submission } from '../model/submission.ts';
import { moveOut } from './move-out.ts';
import { makeCache } from './cache.ts';
import { storeKeys, type StoreKeys } from './keys.ts';
import { openFileSpill, openRedisSpill, type Spill } from './spill.ts';

/** A body in memory, or a file that is to be streamed. */
export type LoadedBody = Buffer | Readonly<{ file: string; size: number }>;

export type Bodies = Readonly<{
  /** The body; undefined when it is gone. Rejects with RedisTrouble. */
  load(submission: Submission): Promise<LoadedBody | undefined>;
  /** Keeps a body that was just accepted in memory, for the delivery that follows at once. */
  remember(submission: Submission, body: Buffer): void;
  /** A place for a large body that is coming in. */
  openSpill(): Promise<Spill>;
  /** Says whose a committed spill is; to be awaited before the submission is stored. Without it `sweep` removes the body. */
  claim(submission: Submission): Promise<void>;
  /** Forgets the body after the last delivery. (The script that ends a delivery removes a "redis:" body itself.) */
  drop(submission: Submission): Promise<void>;
  /** Puts a body that has waited long on disk; does nothing where bodies belong into Redis. */
  moveOut(submission: Submission): Promise<boolean>;
  /** Removes spills older than an hour that belong to no submission; how many it was. */
  sweep(): Promise<number>;
}>;

export type BodiesDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  /** The folder of large bodies, below the data folder. */
  folder: string;
  /** file: on this host's disk; redis: where several hosts share the mail. */
  where: 'file' | 'redis';
}>;

const CACHE_BYTES = 32_000_000;
const ORPHAN_AFTER_MS = 3_600_000;

/** Opens the bodies' store. */
export function openBodies(deps: BodiesDeps): Bodies {
  const { redis, folder, clock } = deps;
  const keys = storeKeys(deps.prefix);
  const cache = makeCache(CACHE_BYTES);
  const underWay = new Map<string, Promise<LoadedBody | undefined>>();

  const fetch = async (submission: Submission, id: string): Promise<LoadedBody | undefined> => {
    const place = placeOf(submission, keys, folder);
    if (place.kind === 'file')
      return (await exists(place.path)) ? { file: place.path, size: submission.size } : undefined;
    const body = await redis.callBuffer('GET', place.key);
    if (!Buffer.isBuffer(body)) return submission.body === 'redis:' ? movedBody(submission, id) : undefined;
    cache.put(id, body);
    return body;
  };
  /** It may have moved to disk since the caller read the submission. */
  const movedBody = async (submission: Submission, id: string): Promise<LoadedBody | undefined> => {
    const json = await redis.call('GET', keys.submission(id));
    const now = typeof json === 'string' ? readSubmission(json) : undefined;
    return now && now.body !== submission.body ? fetch(now, id) : undefined;
  };
  return {
    load: async (submission) => {
      const id = idOf(submission);
      const kept = cache.get(id);
      if (kept) return kept;
      // Fifty recipients of one message begin together: they share one answer.
      const loading = underWay.get(id) ?? fetch(submission, id).finally(() => underWay.delete(id));
      underWay.set(id, loading);
      return loading;
    },
    remember: (submission, body) => cache.put(idOf(submission), body),
    openSpill: () => {
      const name = newId(clock.now());
      if (deps.where === 'file') return openFileSpill(folder, name);
      return Promise.resolve(openRedisSpill(redis, keys.spill(name), name));
    },
    claim: async (submission) => {
      const name = spillName(submission.body);
      if (name === undefined) return;
      const claimed = redis.call('HSET', keys.spilled, name, idOf(submission));
      await Promise.all([claimed, redis.call('PERSIST', keys.spill(name))]);
    },
    drop: async (submission) => {
      cache.drop(idOf(submission));
      const name = spillName(submission.body);
      if (name !== undefined) await removeSpill(deps, keys, name);
    },
    moveOut: (submission) => (deps.where === 'file' ? moveOut(deps, submission) : Promise.resolve(false)),
    sweep: () => sweep(deps, keys),
  };
}

type Place = Readonly<{ kind: 'file'; path: string } | { kind: 'redis'; key: string }>;

function placeOf(submission: Submission, keys: StoreKeys, folder: string): Place {
  const name = spillName(submission.body);
  if (name === undefined) return { kind: 'redis', key: keys.body(submission.account, submission.id) };
  if (submission.body.startsWith('redis:')) return { kind: 'redis', key: keys.spill(name) };
  return { kind: 'file', path: join(folder, name) };
}

/** The name in "file:<name>" or "redis:<name>"; undefined for "redis:", a body beside its record. */
function spillName(locator: string): string | undefined {
  const match = /^(?:file|redis):([0-9A-Z]+(?:\.body)?)$/.exec(locator);
  return match?.[1];
}

function idOf(submission: Readonly<{ account: string; id: string }>): string {
  return `${submission.account}:${submission.id}`;
}

async function removeSpill({ redis, folder }: BodiesDeps, keys: StoreKeys, name: string): Promise<void> {
  if (name.endsWith('.body')) await rm(join(folder, name), { force: true });
  await Promise.all([redis.call('UNLINK', keys.spill(name)), redis.call('HDEL', keys.spilled, name)]);
}

/**
 * Claims whose submission is gone, then files that nobody claimed. When there is not a single claim we may be talking
 * to the wrong or an emptied Redis: then whole bodies stay.
 */
async function sweep(deps: BodiesDeps, keys: StoreKeys): Promise<number> {
  const claims = await readClaims(deps.redis, keys);
  let removed = 0;
  for (const [name, owner] of claims) {
    if (!isOld(name, deps.clock) || (await deps.redis.call('EXISTS', keys.submission(owner))) === 1) continue;
    await removeSpill(deps, keys, name);
    removed++;
  }
  for (const file of await readdir(deps.folder).catch(() => [])) {
    const orphan = file.endsWith('.part') || (file.endsWith('.body') && claims.size > 0 && !claims.has(file));
    if (!orphan || !isOld(file, deps.clock)) continue;
    await rm(join(deps.folder, file), { force: true });
    removed++;
  }
  return removed;
}

async function readClaims(redis: Redis, keys: StoreKeys): Promise<ReadonlyMap<string, string>> {
  const claims = new Map<string, string>();
  for await (const [name, id] of scanHash(redis, keys.spilled)) claims.set(name, id);
  return claims;
}

/** A spill's name is an id, which tells its age. */
function isOld(name: string, clock: Clock): boolean {
  const made = timeOfId(name);
  return made !== undefined && clock.now() - made > ORPHAN_AFTER_MS;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
