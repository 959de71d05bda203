// What is remembered of senders, in Redis: a user, or one of its domains, that there is something to say of.
import { z } from 'zod';
import { recordsIn } from '../lib/answers.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import { FINE, type SenderState } from './senders.ts';

/** What is known of a sender: of a user, or of one of its domains. */
export type SenderRecord = SenderState &
  Readonly<{
    v: 1;
    bounces: number;
    complaints: number;
    /** Its mail is held since then, for signs of theft. */
    held?: Readonly<{ at: EpochMs; reason: string }> | undefined;
    /** Somebody has looked at such signs: none are acted upon before. */
    trustedUntil: EpochMs;
    /** The last signs that were told, so that they are told once. */
    told?: string | undefined;
  }>;

/** Of a sender that nobody has said anything of. */
export const NEW: SenderRecord = { ...FINE, v: 1, bounces: 0, complaints: 0, trustedUntil: 0 };

/** Written by ourselves: the version says enough. */
const recordSchema = z.custom<SenderRecord>(
  (value) => typeof value === 'object' && value !== null && 'v' in value && value.v === 1,
);

/** Records by sender (see senderKey): those that there is something to say of. Key: senders below `prefix`, a hash. */
export async function readSenders(redis: Redis, prefix: string): Promise<Map<string, SenderRecord>> {
  return recordsIn(await redis.call('HGETALL', `${prefix}senders`), recordSchema);
}
