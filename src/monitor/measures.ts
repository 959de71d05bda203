// What can be done about a user; whoever wires the monitor does it.
import type { EpochMs } from '../lib/clock.ts';

/** All of it rejects with RedisTrouble. */
export type Measures = Readonly<{
  slow(user: string, why: string, until: EpochMs): Promise<void>;
  unslow(user: string): Promise<void>;
  /** Pauses its mail, unless somebody else has: until then, or until somebody lifts it. */
  pause(user: string, why: string, until?: EpochMs): Promise<void>;
  /** Lifts a pause of ours. */
  resume(user: string): Promise<void>;
  isPaused(user: string): Promise<boolean>;
}>;
