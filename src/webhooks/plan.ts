// When a webhook that failed is tried again: growing waits, and an end. Pure.
import { createHash } from 'node:crypto';
import type { EpochMs } from '../lib/clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The last one repeats. */
const WAITS = [
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  20 * MINUTE,
  30 * MINUTE,
  HOUR,
];
/** A receiver may ask for a longer wait than ours, up to this. */
const MAX_ASKED = HOUR;

export type Failure = Readonly<{
  /** Of the webhook: spreads the tries of many. */
  id: string;
  now: EpochMs;
  /** When it began to fail. */
  since: EpochMs;
  /** Tries in vain, this one included. */
  tries: number;
  /** What a Retry-After field said. */
  retryAfter?: string | undefined;
}>;

/** When to try again; undefined: no more, it is parked. The last try is when `tryForMs` have passed. */
export function nextTry(
  { id, now, since, tries, retryAfter }: Failure,
  tryForMs: number,
): EpochMs | undefined {
  const end = since + tryForMs;
  if (now >= end) return undefined;
  const planned = WAITS[Math.min(tries, WAITS.length) - 1] ?? HOUR;
  const wait = Math.max(spread(planned, `${id} ${tries}`), asked(retryAfter));
  return Math.min(now + wait, end);
}

/** Up to a tenth more, from the id: many webhooks of one host that comes back are not tried at once. */
function spread(ms: number, seed: string): number {
  const share = createHash('sha256').update(seed).digest().readUInt16BE() / 65_536;
  return Math.round(ms * (1 + share / 10));
}

function asked(retryAfter: string | undefined): number {
  return retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter)
    ? Math.min(Number(retryAfter) * SECOND, MAX_ASKED)
    : 0;
}
