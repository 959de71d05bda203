// Which processes of Postino work on this Redis, of which version, and whether its data is of a form that we can read.
import { hostname } from 'node:os';
import { z } from 'zod';
import { recordsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';

/**
 * The form of what we write. It grows when an older version must not touch the data any more: until all processes can read
 * the new form, the old one is written.
 */
export const FORMAT = 1;

const processSchema = z.object({
  version: z.string(),
  format: z.number(),
  roles: z.array(z.string()),
  host: z.string(),
  pid: z.number(),
  /** Epoch milliseconds: since when it runs, and when it was heard of last. */
  since: z.number(),
  at: z.number(),
});

export type RunningProcess = Readonly<z.infer<typeof processSchema>> & Readonly<{ name: string }>;

export type ProcessesDeps = Readonly<{ redis: Redis; prefix: string; clock: Clock }>;

const BEAT_MS = 10_000;
/** One that was not heard of for so long is gone. */
const GONE_MS = 35_000;

/** A sentence when this version must not work on the data; marks data that nobody has marked. Rejects with RedisTrouble. */
export async function checkFormat(
  { redis, prefix }: ProcessesDeps,
  version: string,
): Promise<string | undefined> {
  const key = `${prefix}format`;
  await redis.call('HSETNX', key, 'format', FORMAT);
  await redis.call('HSETNX', key, 'by', version);
  const [format, by] = z.array(z.coerce.string()).parse(await redis.call('HMGET', key, 'format', 'by'));
  if (Number(format) <= FORMAT) return undefined;
  return `This data was written by Postino ${by} in a form that ${version} cannot read: start that version again, or restore a backup that ${version} made.`;
}

/** Those that were heard of in the last half minute, the oldest first. Rejects with RedisTrouble. */
export async function listProcesses({
  redis,
  prefix,
  clock,
}: ProcessesDeps): Promise<readonly RunningProcess[]> {
  const all = recordsIn(await redis.call('HGETALL', `${prefix}processes`), processSchema);
  return [...all]
    .map(([name, one]) => ({ name, ...one }))
    .filter(({ at }) => clock.now() - at < GONE_MS)
    .toSorted((a, b) => a.since - b.since);
}

/** Tells the others that this process is here, until the returned function is called. Never rejects. */
export function beHeard(
  deps: ProcessesDeps & Readonly<{ name: string; version: string; roles: readonly string[] }>,
): () => Promise<void> {
  const { redis, prefix, clock, name, version, roles } = deps;
  const key = `${prefix}processes`;
  const since: EpochMs = clock.now();
  const beat = async (): Promise<void> => {
    const own = {
      version,
      format: FORMAT,
      roles,
      host: hostname(),
      pid: process.pid,
      since,
      at: clock.now(),
    };
    await redis.call('HSET', key, name, JSON.stringify(own)).catch(() => undefined);
    const all = recordsIn(await redis.call('HGETALL', key).catch(() => []), processSchema);
    const gone = [...all].filter(([, { at }]) => clock.now() - at > GONE_MS).map(([other]) => other);
    if (gone.length > 0) await redis.call('HDEL', key, ...gone).catch(() => undefined);
  };
  void beat();
  const stop = clock.every(BEAT_MS, () => void beat());
  return async () => {
    stop();
    await redis.call('HDEL', key, name).catch(() => undefined);
  };
}
