// The delivery that has been due for the longest time with nobody at work on it, for those who watch the queue.
import { textsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';

export type OldestDue = Readonly<{ id: string; due: EpochMs; transport: string }>;

/** The reconciler puts those that have a job off by five minutes in the index, again and again. */
const AHEAD_MS = 6 * 60_000;
/** So many of the soonest are looked at. */
const SAMPLE = 1000;

/**
 * The oldest of a sample; undefined when none of it is due. `except` is the account of our own mail. What is paused or being
 * sent does not wait. Rejects with RedisTrouble.
 */
export async function oldestDue(
  { redis, keys, clock }: Readonly<{ redis: Redis; keys: Keys; clock: Clock }>,
  except: string,
): Promise<OldestDue | undefined> {
  const now = clock.now();
  const refs = textsIn(
    await redis.call('ZRANGEBYSCORE', keys.due, '-inf', now + AHEAD_MS, 'LIMIT', 0, SAMPLE),
  ).filter((ref) => !ref.startsWith(`${except}:`));
  const records = await Promise.all(
    refs.map(async (ref) => {
      const [id = '', due, state, transport = ''] = textsIn(
        await redis.call('HMGET', keys.delivery(ref), 'id', 'due', 'state', 'transport'),
      );
      return { id, due: Number(due), state, transport };
    }),
  );
  const waiting = records.filter(
    ({ due, state }) => due <= now && (state === 'waiting' || state === 'parked'),
  );
  const [first, ...others] = waiting;
  if (!first) return undefined;
  const { id, due, transport } = others.reduce((oldest, one) => (one.due < oldest.due ? one : oldest), first);
  return { id, due, transport };
}
