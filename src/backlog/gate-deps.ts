// What a gate needs done, what an attempt tells it, and what it gives to those who come with a delivery.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Guest } from './lane.ts';
import type { Place } from './located.ts';
import type { Job } from './queue.ts';

/** What an attempt tells while it runs. */
export type Progress = Readonly<{
  /** Its record shows that it began, or that there was nothing to do. */
  begun(): void;
  /** The peer has answered: the lane is free for the next, while the result is stored. */
  sent(): void;
}>;

/** What the gate needs done. All reject only when Redis is away. */
export type GateDeps = Readonly<{
  clock: Clock;
  log: Log;
  locate(domain: string): Promise<Place>;
  /** Runs an attempt; resolves when its result is stored. */
  attempt(job: Job, progress: Progress): Promise<void>;
  park(job: Job, lane: string): Promise<void>;
  /** Up to `count` heads of the lane's list, and whether more wait there. */
  pull(lane: string, count: number): Promise<Readonly<{ items: readonly Job[]; more: boolean }>>;
  /** Puts back what waits in a room when we stop. */
  putBack(job: Job): Promise<void>;
}>;

/**
 * A place that was kept for a delivery before it was stored; take it with what stands for it, or give it up.
 * slot: it may begin at once · seat: it is next in line · list: the lane is full, it belongs into its list.
 */
export type Reservation =
  | Readonly<{ kind: 'slot' | 'seat'; take(guest: Guest): void; giveUp(): void }>
  | Readonly<{ kind: 'list'; lane: string }>;
