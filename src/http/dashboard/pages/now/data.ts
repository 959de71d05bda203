// What the page "Now" is told: the flow of the last hour, what waits and why, limits, transports, alerts.
import type { Counts, WaitWhy } from '../../lib/types.ts';

export type Minute = Readonly<{ at: number }> &
  Pick<Counts, 'accepted' | 'delivered' | 'deferred' | 'bounced'>;

/** Deliveries of one pool to one domain that wait. */
export type WaitingSite = Readonly<{
  pool: string;
  /** "": many others. */
  domain: string;
  waiting: number;
  /** How many of these wait for their turn only. */
  ready: number;
  sending: number;
  /** When the first of them may go; absent: now. */
  due?: number;
  /** When those that are due will have left, as fast as they leave now. */
  emptyAt?: number;
  /** Why most of them wait; absent: for their turn only. */
  why?: WaitWhy;
}>;

export type Limit = Readonly<{
  id: string;
  scope: string;
  key: string;
  does: string;
  until?: number;
  rule: string;
  why: string;
  at: number;
}>;

export type TransportNow = Readonly<{
  name: string;
  pool: string;
  kind: 'smtp' | 'sandbox';
  address?: string;
  /** How well it is with the world, paused and draining included. */
  state: string;
  reason?: string;
  waiting: number;
  sending: number;
  /** While its warm-up goes on: the day it is at, of how many. */
  warmup?: Readonly<{ day: number; days: number }>;
}>;

export type Alert = Readonly<{
  id: string;
  at: number;
  kind: string;
  /** What it is about. */
  key: string;
  /** What happened, and what to do about it; sentences. */
  reason: string;
  advice: string;
  /** It has ended. */
  over: boolean;
}>;

export type Now = Readonly<{
  at: number;
  /** All mail is caught and none is sent. */
  sandboxed: boolean;
  /** Minutes of the last hour in which something happened. */
  flow: readonly Minute[];
  queue: Readonly<{ waiting: number; later: number; sending: number; paused: number; quarantined: number }>;
  sites: readonly WaitingSite[];
  /** When the queue was counted for `sites`. */
  countedAt: number;
  /** False: it is counted for the first time, and `sites` is a part. */
  looked: boolean;
  limits: readonly Limit[];
  transports: readonly TransportNow[];
  alerts: readonly Alert[];
}>;
