// Fills the archive with messages that ended, and removes what is too old or too much: done by one process at a time.
import { rm, rmdir, stat } from 'node:fs/promises';
import { hashIn, textsIn } from '../../lib/answers.ts';
import { makeBudget, type Budget } from '../../lib/budget.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { parseJson } from '../../lib/json.ts';
import type { Log } from '../../lib/log.ts';
import { reasonOf } from '../../lib/reason.ts';
import { RedisTrouble, type Redis } from '../../lib/script.ts';
import { byNumber } from '../../model/delivery.ts';
import type { Settings, User } from '../../model/settings.ts';
import { readSubmission, type Submission } from '../../model/submission.ts';
import { storeKeys, type StoreKeys } from '../keys.ts';
import { isKept } from './archive.ts';
import { deliverySchema, beginOfFolder, readFacts, writeEntry, type ArchivedDelivery } from './entry.ts';
import { dayFolders, filesOf, removeAbandoned } from './folders.ts';

export type KeeperDeps = Readonly<{
  redis: Redis;
  prefix: string;
  root: string;
  maxBytes: number;
  clock: Clock;
  log: Log;
  settings(): Settings;
  /** The whole body; undefined when it is gone. */
  readBody(submission: Submission): Promise<Buffer | undefined>;
  /** Lets go of a body that lies outside its record. */
  dropBody(submission: Submission): Promise<void>;
}>;

export type Keeper = Readonly<{
  /** Takes in what ended since; how many messages it was. Rejects with RedisTrouble. */
  takeIn(): Promise<number>;
  /** Removes what is too old by what the settings say now, and the oldest of what is too much. */
  prune(): Promise<void>;
  /** Bytes of all that is kept, as far as was counted. */
  bytes(): number;
}>;

const AT_ONCE = 16;
/** Of bodies in memory at a time: sixteen of the largest would be more than small hosts have. */
const MEMORY_BYTES = 64 * 1024 * 1024;
const PAGE = 256;
/** What could not be written for so long is not kept: it would fill Redis' memory. */
const GIVE_UP_MS = 3_600_000;
const ABANDONED_MS = 3_600_000;
/** A full disk is told so often, and not for each message again and again. */
const TELL_MS = 60_000;
/** So far it is made smaller when it is full: not each message is worth a look at all that is there. */
const SHRUNK = 0.95;

/** Makes it; `prune` counts what is there, and comes first. */
export function makeKeeper(deps: KeeperDeps): Keeper {
  const keys = storeKeys(deps.prefix);
  const isTime = makeSeldom(deps.clock);
  const memory = makeBudget(MEMORY_BYTES);
  let bytes = 0;
  const takeIn = async (): Promise<number> => {
    let count = 0;
    for (;;) {
      const ids = textsIn(await deps.redis.call('ZRANGE', keys.archiving, 0, PAGE - 1));
      const sizes = await takePage({ ...deps, isTime, memory }, keys, ids);
      count += sizes.length;
      bytes += sizes.reduce((sum, size) => sum + size, 0);
      // A page of which nothing could be written waits for the next time.
      if (ids.length < PAGE || sizes.length === 0) break;
    }
    if (bytes > deps.maxBytes) bytes = await shrink(deps, deps.maxBytes * SHRUNK);
    return count;
  };
  return {
    takeIn,
    prune: async () => {
      try {
        await removeAbandoned(deps.root, deps.clock.now() - ABANDONED_MS);
        await removeOld(deps);
      } finally {
        bytes = await shrink(deps, deps.maxBytes);
      }
    },
    bytes: () => bytes,
  };
}

type Taking = KeeperDeps & Readonly<{ isTime(): boolean; memory: Budget }>;

/** True once, and then again after a while. */
function makeSeldom(clock: Clock): () => boolean {
  let last: number | undefined;
  return () => {
    const now = clock.ticks();
    const isTime = last === undefined || now - last >= TELL_MS;
    if (isTime) last = now;
    return isTime;
  };
}

/** The sizes of those that are done. */
async function takePage(deps: Taking, keys: StoreKeys, ids: readonly string[]): Promise<readonly number[]> {
  const done: number[] = [];
  for (let n = 0; n < ids.length; n += AT_ONCE) {
    const sizes = await Promise.all(ids.slice(n, n + AT_ONCE).map((id) => takeOne(deps, keys, id)));
    done.push(...sizes.filter((size) => size !== undefined));
  }
  return done;
}

/** Its bytes, 0 for what is not to be kept; undefined when it has to be tried again. */
async function takeOne(deps: Taking, keys: StoreKeys, id: string): Promise<number | undefined> {
  const json = await deps.redis.call('GET', keys.submission(id));
  const submission = typeof json === 'string' ? readSubmission(json) : undefined;
  if (!submission) return (await letGo(deps, keys, id), 0);
  const endedAt = Number((await deps.redis.call('ZSCORE', keys.archiving, id)) ?? 0);
  try {
    const size = await deps.memory.use(submission.size, () => write(deps, keys, { submission, endedAt }));
    await letGo(deps, keys, id, submission);
    return size;
  } catch (error) {
    if (error instanceof RedisTrouble) throw error;
    const giveUp = deps.clock.now() - endedAt > GIVE_UP_MS;
    const facts = { submission: submission.id, error: reasonOf(error) };
    if (giveUp) {
      deps.log.warn(facts, 'A message could not be archived for an hour, and is not kept.');
      await letGo(deps, keys, id, submission);
    } else if (deps.isTime())
      deps.log.warn(facts, 'Messages cannot be archived now; it is tried again for an hour.');
    return giveUp ? 0 : undefined;
  }
}

async function write(
  deps: KeeperDeps,
  keys: StoreKeys,
  { submission, endedAt }: Readonly<{ submission: Submission; endedAt: EpochMs }>,
): Promise<number> {
  const user = deps.settings().users.get(submission.user);
  if (user?.account !== submission.account || !isKept(endedAt, user, deps.clock.now())) return 0;
  const body = await deps.readBody(submission);
  if (!body) return 0;
  const key = keys.ended(`${submission.account}:${submission.id}`);
  const ended = hashIn(await deps.redis.call('HGETALL', key));
  const deliveries: Record<string, ArchivedDelivery> = {};
  for (const [delivery, json] of [...ended].sort(([a], [b]) => byNumber(a, b))) {
    const read = parseJson(json, deliverySchema);
    if (read) deliveries[delivery] = read;
  }
  return writeEntry(deps.root, { v: 1, submission, deliveries, endedAt, body });
}

async function letGo(
  { redis, dropBody }: KeeperDeps,
  keys: StoreKeys,
  id: string,
  submission?: Submission,
): Promise<void> {
  if (submission) {
    await dropBody(submission);
    await redis.call('UNLINK', keys.body(submission.account, submission.id));
  }
  await redis.call('UNLINK', keys.submission(id), keys.ended(id));
  await redis.call('ZREM', keys.archiving, id);
}

/** Only folders are looked into in which something can be too old. */
async function removeOld({ root, settings, clock }: KeeperDeps): Promise<void> {
  const now = clock.now();
  const { users } = settings();
  for await (const { user, day, folder } of dayFolders(root))
    await removeOldIn(folder, { user: users.get(user), now, accepted: beginOfFolder(day) ?? 0 });
}

async function removeOldIn(
  folder: string,
  { user, now, accepted }: Readonly<{ user: User | undefined; now: EpochMs; accepted: EpochMs }>,
): Promise<void> {
  // What was accepted on the day did not end before it.
  if (isKept(accepted, user, now)) return;
  for (const file of await filesOf(folder)) {
    const endedAt = user?.archive === undefined ? 0 : ((await readFacts(file))?.endedAt ?? 0);
    if (!isKept(endedAt, user, now)) await rm(file, { force: true });
  }
  // Refused as long as there is something in it.
  await rmdir(folder).catch(() => undefined);
}

/** Bytes of what is left after the oldest days have lost as much as there is too much. */
async function shrink({ root }: KeeperDeps, maxBytes: number): Promise<number> {
  const days = await listDays(root);
  let bytes = 0;
  for (const { size } of days) bytes += size;
  for (const { folder, files } of days) {
    if (bytes <= maxBytes) break;
    for (const { file, size } of files) {
      if (bytes <= maxBytes) break;
      await rm(file, { force: true });
      bytes -= size;
    }
    await rmdir(folder).catch(() => undefined);
  }
  return bytes;
}

type Sized = Readonly<{ file: string; size: number }>;
type Day = Readonly<{ day: string; folder: string; size: number; files: readonly Sized[] }>;

/** All folders of days, the oldest day first. */
async function listDays(root: string): Promise<readonly Day[]> {
  const days: Day[] = [];
  for await (const { day, folder } of dayFolders(root)) {
    const files: Sized[] = [];
    for (const file of await filesOf(folder)) files.push({ file, size: await sizeOf(file) });
    days.push({ day, folder, files, size: files.reduce((sum, { size }) => sum + size, 0) });
  }
  return days.sort((a, b) => (a.day < b.day ? -1 : 1));
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
