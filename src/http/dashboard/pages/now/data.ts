// What the page "Now" is told: the flow of the last hour, what waits and why, limits, transports, alerts.
import type { Counts } from '../../lib/types.ts';

export type Minute = Readonly<{ at: number }> &
  Pick<Counts, 'accepted' | 'delivered' | 'deferred' | 'bounced'>;

/** Deliveries of one pool to one site that wait. */
export type WaitingSite = Readonly<{
  pool: string;
  site: string;
  provider?: string;
  waiting: number;
  sending: number;
  /** When the first of them is due, and when the oldest was accepted. */
  due?: number;
  oldestAt?: number;
  /** Deliveries a minute that left for it, of late. */
  perMinute?: number;
  /** When all of them will have left, as things go now. */
  emptyAt?: number;
  /** One sentence: why they wait; absent: it is only their turn that they wait for. */
  why?: string;
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
  /** One sentence. */
  text: string;
  severity: 'info' | 'warning' | 'critical';
  /** It is over. */
  over?: boolean;
}>;

export type Now = Readonly<{
  hostname: string;
  /** All mail is caught and none is sent. */
  sandboxed: boolean;
  flow: readonly Minute[];
  queue: Readonly<{ waiting: number; later: number; sending: number; paused: number; quarantined: number }>;
  sites: readonly WaitingSite[];
  /** More sites than are told. */
  moreSites?: number;
  limits: readonly Limit[];
  transports: readonly TransportNow[];
  alerts: readonly Alert[];
}>;
