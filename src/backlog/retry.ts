// When to try again and when to give up, from the outcome of an attempt. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Cause, Outcome } from '../model/outcome.ts';
import type { Submission } from '../model/submission.ts';
import { greylistWait, USUAL_MS } from './greylist.ts';

/** Waits between attempts, milliseconds; the last one repeats until the delivery expires. */
export type RetryPlan = Readonly<{ steps: readonly number[] }>;

/** What a delivery ran out of: time to try in, or the attempts that its sender wanted. */
export type RanOut = 'time' | 'attempts';

export type Next =
  | Readonly<{ do: 'end'; as: 'delivered' | 'bounced' }>
  | Readonly<{ do: 'end'; as: 'expired'; of: RanOut }>
  | Readonly<{ do: 'retry'; at: EpochMs }>;

const JITTER = 0.1;

/** What follows from an outcome. No retry lands after expiry: the delivery then ends as expired. */
export function whatNext(outcome: Outcome, delivery: Delivery, now: EpochMs, plan: RetryPlan): Next {
  switch (outcome.kind) {
    case 'delivered':
      return { do: 'end', as: 'delivered' };
    case 'bounced':
      return { do: 'end', as: 'bounced' };
    case 'held':
      if (now >= delivery.expiresAt) return { do: 'end', as: 'expired', of: 'time' };
      return { do: 'retry', at: Math.min(outcome.until, delivery.expiresAt) };
    case 'deferred': {
      if (delivery.attempts >= (delivery.maxAttempts ?? Infinity))
        return { do: 'end', as: 'expired', of: 'attempts' };
      const at = now + (greylisted(outcome.cause, delivery, plan) ?? waitAfter(delivery, plan));
      return at >= delivery.expiresAt ? { do: 'end', as: 'expired', of: 'time' } : { do: 'retry', at };
    }
  }
}

/** The cause of the last attempt, told as why there is no other one. */
export function givenUp(last: Cause, { submission, delivery }: Subject, of: RanOut): Cause {
  const { ttl } = submission.instructions;
  const { attempts } = delivery;
  const why =
    of === 'attempts'
      ? `Given up after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}, as the sender wanted.`
      : ttl === undefined
        ? 'Given up: another attempt would come after its time.'
        : `Given up: the sender wanted it sent within ${sayDuration(ttl)}, and another attempt would come later.`;
  return { ...last, detail: `${why} The last one: ${last.detail}` };
}

/** Why a delivery ends whose time passed while it waited. */
export function outOfTime({ instructions: { ttl } }: Submission): Cause {
  const detail =
    ttl === undefined
      ? 'The message could not be sent within its time.'
      : `The sender wanted it sent within ${sayDuration(ttl)}, which passed while it waited.`;
  return { phase: 'policy', class: 'expired', status: '4.4.7', detail };
}

type Subject = Readonly<{ submission: Submission; delivery: Delivery }>;

/** So often a host may greylist us without saying for how long; then the plan's steps hold. */
const MOST_GREYLISTED = 3;

/**
 * When a host that greylists will take it: as it says, or as most do. Undefined for every other cause. No longer than the
 * plan's longest step, in case that is short.
 */
function greylisted(
  { class: kind, reply }: Cause,
  delivery: Delivery,
  { steps }: RetryPlan,
): number | undefined {
  if (kind !== 'greylisted') return undefined;
  const told = greylistWait(reply?.text ?? '');
  if (told === undefined && delivery.attempts > MOST_GREYLISTED) return undefined;
  const wait = Math.min(told ?? USUAL_MS, Math.max(...steps));
  // Never sooner than it said.
  const later = (1 + spread(`${delivery.id}/${delivery.attempts}`)) / 2;
  return Math.round(wait * (1 + JITTER * later));
}

/** The wait after the attempt that just ended, milliseconds. Jitter of ±10 % comes from the id, so that it is repeatable. */
function waitAfter(delivery: Delivery, plan: RetryPlan): number {
  const step = plan.steps[Math.min(delivery.attempts, plan.steps.length) - 1] ?? plan.steps.at(0) ?? 0;
  return Math.round(step * (1 + JITTER * spread(`${delivery.id}/${delivery.attempts}`)));
}

/** A number from -1 to 1 that depends on `text` alone (FNV-1a). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) / 0xffffffff) * 2 - 1;
}
