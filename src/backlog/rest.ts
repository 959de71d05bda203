// Bodies of mail that rests until a later day leave Redis' memory for the disk soon after they were accepted.
import { textsIn } from '../lib/answers.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import type { Submission } from '../model/submission.ts';
import type { Keys } from './keys.ts';
import type { Transitions } from './transitions.ts';

export type RestDeps = Readonly<{
  redis: Redis;
  keys: Keys;
  transitions: Pick<Transitions, 'readSubmissionOf'>;
  log: Log;
  /** Puts the body of a message on disk, out of Redis' memory. */
  moveOut(submission: Submission): Promise<unknown>;
}>;

/** A message that still waits after this is likely to wait for long. */
export const OLD_MS = 3_600_000;
const BATCH = 8;
const MAX_BATCHES = 250;

/** The first of these deliveries that is not due for long, as a member of the set; "" when there is none. */
export function restingRef(deliveries: readonly Delivery[], now: EpochMs): string {
  const resting = deliveries.find(({ due }) => due - now > OLD_MS);
  return resting ? refOf(resting) : '';
}

/**
 * Moves out what was noted since the last round, so many bodies at most. Resolves to how many were looked at. Rejects
 * with RedisTrouble; with a disk that takes nothing, bodies stay where they are and are looked at again.
 */
export async function putToRest({ redis, keys, transitions, moveOut, log }: RestDeps): Promise<number> {
  let count = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const answer = await redis.call('SRANDMEMBER', keys.resting, BATCH);
    const refs = textsIn(answer);
    if (refs.length === 0) break;
    const moved = await Promise.allSettled(
      refs.map(async (ref) => {
        const submission = await transitions.readSubmissionOf(ref);
        if (submission) await moveOut(submission);
      }),
    );
    const done = refs.filter((_, i) => moved[i]?.status === 'fulfilled');
    if (done.length > 0) await redis.call('SREM', keys.resting, ...done);
    count += done.length;
    const failed = moved.find((result) => result.status === 'rejected');
    if (!failed) continue;
    log.warn({ error: String(failed.reason) }, 'bodies of scheduled mail could not be put on disk');
    break;
  }
  return count;
}
