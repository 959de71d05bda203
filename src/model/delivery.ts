// Delivery: one recipient of one submission, the unit of queue, retry and report.
import type { EpochMs } from '../lib/clock.ts';
import type { Priority } from './instructions.ts';
import type { Recipient } from './submission.ts';

/**
 * waiting: has a job in its transport's queue (now or later) · parked: in its lane's own list in Redis ·
 * sending: an attempt runs · paused: taken out by an operator until resumed · unknown: a version we cannot read.
 */
export type DeliveryState = 'waiting' | 'parked' | 'sending' | 'paused' | 'unknown';

/** What the first attempt fixes for all attempts, so that a retry renders the same bytes. */
export type Pins = Readonly<{
  /** DKIM keys to sign with, by domain and selector; empty: unsigned. */
  dkim: readonly Readonly<{ domain: string; selector: string }>[];
  /** Envelope sender of its letters where it is a return path of ours; absent: that of the submission. */
  from?: string;
}>;

export type Delivery = Readonly<{
  v: 1;
  /** "<submission id>-<n>", n counted from 1. */
  id: string;
  account: string;
  submission: string;
  user: string;
  recipient: Recipient;
  /** Domain of the recipient, lower-case A-labels. */
  domain: string;
  pool: string;
  /** Name of the transport it will leave by; "" when its pool has none just now. */
  transport: string;
  /** The fallback pool that this transport is of; absent: it is one of its own pool. */
  fallback?: string;
  /** The rule that holds it until it is due; absent: nothing holds it. */
  hold?: string;
  priority: Priority;
  state: DeliveryState;
  /** Grows each time it is scheduled; a job that carries another number is stale and ends silently. */
  run: number;
  /** Attempts begun so far; holds do not count. */
  attempts: number;
  /** Attempts whose end we do not know (cut between the dot and its reply). */
  ambiguous: number;
  /** When the next attempt is due, epoch milliseconds. */
  due: EpochMs;
  /** When we give up, epoch milliseconds. */
  expiresAt: EpochMs;
  /** How many attempts at most; absent: as many as there is time for. */
  maxAttempts?: number;
  /** What commands cancel or put off together; absent: nothing. */
  campaign?: string;
  batch?: string;
  pins?: Pins;
}>;

/** Where a delivery goes next; `pool` is there when its own is not granted to its user any more. */
export type WayOut = Readonly<{ transport: string; fallback?: string; pool?: string }>;

/** The domain part of an envelope address, in lower case; "" when there is none. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** The key that names a delivery in Redis lists: its account and its id. */
export function refOf(delivery: Readonly<{ account: string; id: string }>): string {
  return `${delivery.account}:${delivery.id}`;
}

/** Order of ids of deliveries of one submission: "…-2" before "…-10". */
export function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
