// Events of a delivery, made from its record and what happened. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Event, EventType } from '../model/event.ts';
import type { Cause, Outcome, Via } from '../model/outcome.ts';
import type { Submission } from '../model/submission.ts';

type Subject = Readonly<{ submission: Submission; delivery: Delivery }>;

/**
 * One event per recipient is told from this one: the stream's consumer fills in delivery and recipient, and `due` where
 * it differs. `due` is there only for what is to be sent later.
 */
export function describeAccepted(submission: Submission, first: Delivery): Event {
  const { size, notes, resendOf } = submission;
  return {
    ...base({ submission, delivery: first }, 'accepted', submission.at),
    size,
    ...(resendOf === undefined ? {} : { resendOf }),
    ...(first.due > submission.at ? { due: first.due } : {}),
    ...some(notes),
  };
}

/** What an attempt came to: `delivered`, `deferred`, `bounced` or `expired`. */
export function describeAttempt(
  subject: Subject,
  outcome: Exclude<Outcome, { kind: 'held' }>,
  told: Readonly<{
    type: EventType;
    at: EpochMs;
    due?: EpochMs;
    notes?: readonly string[] | undefined;
    /** Subject of the letter, where it may be another than the message's. */
    subject?: string | undefined;
  }>,
): Event {
  const { delivery } = subject;
  const { type, at, due, notes } = told;
  return {
    ...base(subject, type, at),
    ...(type === 'deferred' ? { id: `${delivery.id}.deferred.${delivery.attempts}` } : {}),
    ...describeVia(outcome.via),
    ...('cause' in outcome ? describeCause(outcome.cause) : { reply: outcome.reply }),
    transport: outcome.via?.transport ?? delivery.transport,
    ...(delivery.fallback === undefined ? {} : { fallback: delivery.fallback }),
    attempt: delivery.attempts,
    age: at - subject.submission.at,
    ...(delivery.ambiguous > 0 ? { ambiguous: delivery.ambiguous } : {}),
    ...(told.subject === undefined ? {} : { subject: told.subject }),
    ...(due === undefined ? {} : { due }),
    conversation: outcome.conversation,
    ...some(notes),
  };
}

/** An operator gave it another time, before or between its attempts. */
export function describeRescheduled(subject: Subject, due: EpochMs, at: EpochMs): Event {
  const { delivery, submission } = subject;
  return {
    ...base(subject, 'deferred', at),
    // A delivery may be rescheduled any number of times between two attempts.
    id: `${delivery.id}.deferred.operator.${at}.${due}`,
    class: 'rescheduled',
    reason: due > at ? 'An operator gave it another time.' : 'An operator made it due now.',
    age: at - submission.at,
    due: Math.max(due, at),
  };
}

/** A scanner refused its message: it waits until an operator decides. */
export function describeQuarantined(subject: Subject, reason: string, at: EpochMs): Event {
  const { delivery, submission } = subject;
  return {
    ...base(subject, 'deferred', at),
    id: `${delivery.id}.deferred.quarantined.${delivery.run}`,
    class: 'quarantined',
    reason,
    age: at - submission.at,
  };
}

/** The end of a message that asked not to be sent: told as delivered, so that a sender's program can be tried out. */
export function describeUnsent(subject: Subject, at: EpochMs): Event {
  const { delivery, submission } = subject;
  return {
    ...base(subject, 'delivered', at),
    transport: delivery.transport,
    attempt: delivery.attempts,
    age: at - submission.at,
    reply: { code: 250, status: '2.0.0', text: 'Ok, not sent: test mode' },
    notes: ['Test mode: the sender asked for this message not to be sent.'],
  };
}

/** An end without an attempt: suppressed, cancelled by an operator, or expired while it waited. */
export function describeEnd(
  subject: Subject,
  type: Extract<EventType, 'dropped' | 'cancelled' | 'expired'>,
  reason: string,
  at: EpochMs,
): Event {
  const attempts = subject.delivery.attempts;
  return {
    ...base(subject, type, at),
    reason,
    ...(type === 'dropped' ? { class: 'suppressed' } : {}),
    ...(type === 'expired' ? { class: 'expired' } : {}),
    age: at - subject.submission.at,
    ...(attempts > 0 ? { attempt: attempts } : {}),
    ...(subject.delivery.ambiguous > 0 ? { ambiguous: subject.delivery.ambiguous } : {}),
  };
}

function base({ submission, delivery }: Subject, type: EventType, at: EpochMs): Event {
  const { campaign, campaignName, tags, metadata } = submission.instructions;
  return {
    v: 1,
    id: `${delivery.id}.${type}`,
    type,
    at,
    account: submission.account,
    user: submission.user,
    submission: submission.id,
    delivery: delivery.id,
    recipient: delivery.recipient.address,
    sender: submission.from,
    headerFrom: submission.headerFrom,
    messageId: submission.messageId,
    subject: submission.subject,
    ...(campaign === undefined ? {} : { campaign }),
    ...(campaignName === undefined ? {} : { campaignName }),
    ...(tags === undefined ? {} : { tags }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function some(notes: readonly string[] | undefined): Partial<Event> {
  return notes === undefined || notes.length === 0 ? {} : { notes: [...notes] };
}

function describeVia(via: Via | undefined): Partial<Event> {
  if (!via) return {};
  const { site, host, address, localAddress, ms, tls, provider } = via;
  return {
    site,
    ...(provider === undefined ? {} : { provider }),
    host,
    address,
    localAddress,
    ms,
    ...(tls === undefined ? {} : { tls }),
  };
}

function describeCause(cause: Cause): Partial<Event> {
  return {
    class: cause.class,
    phase: cause.phase,
    reason: cause.detail,
    ...(cause.reply ? { reply: { ...cause.reply } } : {}),
  };
}
