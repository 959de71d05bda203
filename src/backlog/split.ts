// A submission becomes deliveries: one for each recipient, with its time, its limits, and what it belongs to. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { domainOf, type Delivery, type Pins, type WayOut } from '../model/delivery.ts';
import type { Priority } from '../model/instructions.ts';
import type { Recipient, Submission } from '../model/submission.ts';

export type Whole = Readonly<{
  submission: Submission;
  recipients: readonly Recipient[];
  /** Not to be sent before, epoch milliseconds. */
  holdUntil?: EpochMs;
}>;

/** What the settings say of this submission. */
export type Ruling = Readonly<{
  pool: string;
  priority: Priority;
  pins: Pins;
  /** The return path of a delivery that is due then; undefined: the submission's envelope sender. */
  returnPath?(delivery: string, due: EpochMs): string | undefined;
  /** How long to try where the sender says nothing, milliseconds. */
  expireAfterMs: number;
  /** The transport for a recipient domain; "" when the pool has none. */
  wayFor(domain: string): WayOut;
}>;

/** The deliveries as they are stored first. */
export function split(whole: Whole, ruling: Ruling): Delivery[] {
  const { submission, recipients } = whole;
  const { campaign, batch, attempts: maxAttempts, ttl } = submission.instructions;
  const { pool, priority, pins } = ruling;
  return recipients.map((recipient, index) => {
    const domain = domainOf(recipient.address);
    const due = dueOf(whole, recipient);
    const { transport, fallback } = ruling.wayFor(domain);
    const id = `${submission.id}-${index + 1}`;
    const from = ruling.returnPath?.(id, due);
    return {
      v: 1,
      id,
      account: submission.account,
      submission: submission.id,
      user: submission.user,
      recipient,
      domain,
      pool,
      transport,
      ...(fallback === undefined ? {} : { fallback }),
      priority,
      state: 'waiting',
      run: 1,
      attempts: 0,
      ambiguous: 0,
      due,
      expiresAt: due + Math.round(ttl ?? ruling.expireAfterMs),
      ...(maxAttempts === undefined ? {} : { maxAttempts }),
      ...(campaign === undefined ? {} : { campaign }),
      ...(batch === undefined ? {} : { batch }),
      pins: from === undefined ? pins : { ...pins, from },
    };
  });
}

/** When a recipient's delivery may first be sent: a time that has passed means at once. */
function dueOf({ submission, holdUntil }: Whole, recipient: Recipient): EpochMs {
  const wanted = recipient.sendAt ?? submission.instructions.sendAt ?? 0;
  return Math.round(Math.max(holdUntil ?? submission.at, wanted));
}
