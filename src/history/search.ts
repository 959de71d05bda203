// Searching the history: the query, a row for each delivery, pages, and the story of one message. Pure.
import type { Owner } from '../model/owner.ts';
import type { EpochMs } from '../lib/clock.ts';
import { present } from '../lib/present.ts';
import type { Event } from '../model/event.ts';

/** queued: accepted, nothing said yet. A bounce that comes later by mail turns delivered into bounced. */
export const deliveryStatuses = [
  'queued',
  'deferred',
  'delivered',
  'bounced',
  'expired',
  'dropped',
  'cancelled',
] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** One delivery and what became of it. Times are epoch milliseconds. */
export type DeliveryRow = Readonly<{
  delivery: string;
  submission: string;
  account: string;
  user: string;
  /** When it was accepted. */
  at: EpochMs;
  recipient: string;
  /** Envelope sender; "" is the null sender. */
  sender: string;
  headerFrom?: string;
  subject?: string;
  messageId?: string;
  campaign?: string;
  campaignName?: string;
  tags?: readonly string[];
  metadata?: Readonly<Record<string, string>>;
  size?: number;
  status: DeliveryStatus;
  statusAt: EpochMs;
  /** Class, category and our sentence of the last failure or delay. */
  class?: string;
  category?: string;
  reason?: string;
  /** What the peer said last: "550 5.1.1 no such user". */
  reply?: string;
  /** By which transport, to which provider and site, of the last attempt. */
  transport?: string;
  provider?: string;
  site?: string;
  attempts: number;
  /** From accepted to delivered. */
  ms?: number;
  /** By anybody or anything; by people, as far as can be told. */
  opens: number;
  humanOpens: number;
  firstOpenAt?: EpochMs;
  clicks: number;
  humanClicks: number;
  unsubscribed: boolean;
  complained: boolean;
}>;

/**
 * What to look for; all that is given must match; no owner: everybody's mail. A trailing "*" in id, messageId, recipient, sender and campaign makes it a
 * prefix; "@example.net" as recipient or sender is a whole domain. Addresses match in any case.
 */
export type SearchQuery = Partial<Owner> &
  Readonly<{
    /** Id of a submission or of a delivery. */
    id?: string;
    /** With or without angle brackets. */
    messageId?: string;
    recipient?: string;
    /** Envelope sender or From address. */
    sender?: string;
    /** Words of the subject, in any order. */
    subject?: string;
    /** Words of the subject, of what the peer said, or parts of the recipient's address ("rossi" of "l.rossi@…"). */
    text?: string;
    campaign?: string;
    tag?: string;
    status?: DeliveryStatus;
    transport?: string;
    provider?: string;
    /** Accepted from then on, and before then. */
    since?: EpochMs;
    until?: EpochMs;
    /** `next` of the page before. */
    cursor?: string;
    limit: number;
  }>;

/** `next` is the cursor of the page that follows; absent on the last one. */
export type Page<T> = Readonly<{ items: readonly T[]; next?: string }>;

type Told = Readonly<{ row: DeliveryRow; events: readonly Event[] }>;

/** A submission, or one delivery of it, with all that happened, oldest first. */
export type Message = Readonly<{
  submission: string;
  account: string;
  user: string;
  at: EpochMs;
  sender: string;
  subject?: string;
  messageId?: string;
  deliveries: readonly Told[];
  /** More deliveries, or events, than are told here. */
  more: boolean;
}>;

/** The message of these deliveries; undefined where there are none. */
export function messageWith(deliveries: readonly Told[], more: boolean): Message | undefined {
  const [first] = deliveries;
  if (!first) return undefined;
  const { submission, account, user, at, sender, subject, messageId } = first.row;
  const head = { submission, account, user, at, sender, ...present({ subject, messageId }) };
  return { ...head, deliveries, more };
}
