// Room for more mail: intake stops well before Redis' memory or the disk is full, so that what is inside can still end.
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';

export type Room = Readonly<{
  /** Why no more mail is taken just now, one sentence; undefined: there is room. */
  problem(): string | undefined;
  look(): Promise<void>;
  stop(): void;
}>;

const LOOK_MS = 2_000;
/** Of Redis' maxmemory; or of this host's memory, where the server is ours and has no limit. */
const MEMORY_SHARE = 0.75;
const HOST_SHARE = 0.6;
/** Below this the append-only file could fill the disk, upon which Redis ends itself. */
const MIN_FREE_BYTES = 100_000_000;

/** Watches Redis' memory and, where the data folder holds mail, its disk. */
export function watchRoom(
  deps: Readonly<{ redis: Redis; clock: Clock; log: Log; folder: string; isOurs: boolean }>,
): Room {
  let problem: string | undefined;
  const look = async (): Promise<void> => {
    const next = (await memoryProblem(deps.redis, deps.isOurs)) ?? (await diskProblem(deps.folder));
    if (next !== undefined && problem === undefined) deps.log.error({}, next);
    if (next === undefined && problem !== undefined) deps.log.info({}, 'There is room again; mail is taken.');
    problem = next;
  };
  const stop = deps.clock.every(LOOK_MS, () => {
    look().catch((error: unknown) => deps.log.debug({ error: String(error) }, 'could not look for room'));
  });
  return { problem: () => problem, look, stop };
}

/** Bytes that Redis uses, and how many mail may take there before intake stops. Rejects with RedisTrouble. */
export async function measureMemory(
  redis: Redis,
  isOurs: boolean,
): Promise<Readonly<{ used: number; limit: number }>> {
  const { used, max } = await readMemory(redis);
  const limit = max > 0 ? max * MEMORY_SHARE : isOurs ? totalmem() * HOST_SHARE : Number.POSITIVE_INFINITY;
  return { used, limit };
}

/** Bytes that Redis uses, and its maxmemory; 0: none is set. Rejects with RedisTrouble. */
export async function readMemory(redis: Redis): Promise<Readonly<{ used: number; max: number }>> {
  const info = String(await redis.call('INFO', 'memory'));
  const figure = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { used: figure('used_memory'), max: figure('maxmemory') };
}

/** Bytes that are free on the disk of `folder`. */
export async function measureDisk(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function memoryProblem(redis: Redis, isOurs: boolean): Promise<string | undefined> {
  const { used, limit } = await measureMemory(redis, isOurs);
  if (used <= limit) return undefined;
  return `Redis uses ${megabytes(used)} of ${megabytes(limit)} that mail may take: none is accepted (452) until some has left. See "postino queue".`;
}

async function diskProblem(folder: string): Promise<string | undefined> {
  const free = await measureDisk(folder);
  if (free >= MIN_FREE_BYTES) return undefined;
  return `Only ${megabytes(free)} are free in ${folder}: no mail is accepted (452) until there are ${megabytes(MIN_FREE_BYTES)}.`;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
