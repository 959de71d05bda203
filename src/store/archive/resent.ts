// Which messages were sent again, and as which: noted at the earlier one, since its own story has ended.
import { z } from 'zod';
import { recordsIn } from '../../lib/answers.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { Redis } from '../../lib/script.ts';
import { storeKeys } from '../keys.ts';

export const resentSchema = z.object({
  /** Id of the new message. */
  id: z.string(),
  /** The delivery or message that was sent again. */
  of: z.string(),
  at: z.number(),
});

export type Resent = Readonly<z.infer<typeof resentSchema>>;

export type ResentNotes = Readonly<{
  note(account: string, submission: string, resent: Resent): Promise<void>;
  /** The oldest first. */
  list(account: string, submission: string): Promise<readonly Resent[]>;
}>;

/** As long as histories are kept for most; the new message names the earlier one for ever. */
const NOTED_MS: EpochMs = 400 * 86_400_000;

/** Opens the notes. All methods reject with RedisTrouble. */
export function openResent({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): ResentNotes {
  const keys = storeKeys(prefix);
  const list = async (account: string, submission: string): Promise<readonly Resent[]> => {
    const notes = recordsIn(await redis.call('HGETALL', keys.resent(account, submission)), resentSchema);
    return [...notes.values()].sort((a, b) => a.at - b.at);
  };
  const note = async (account: string, submission: string, resent: Resent): Promise<void> => {
    const key = keys.resent(account, submission);
    const noted = redis.call('HSET', key, resent.id, JSON.stringify(resent));
    await Promise.all([noted, redis.call('PEXPIRE', key, NOTED_MS)]);
  };
  return { note, list };
}
