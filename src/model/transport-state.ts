// The state of a transport: how well it is with the world, and why. Pure.
import { z } from 'zod';

export const transportStates = ['warming', 'healthy', 'degraded', 'quarantined'] as const;

/** What a state came from. "listing": a confirmed entry of a block list; "operator": set by hand, and only so undone. */
export const stateCauses = ['none', 'warm-up', 'rates', 'identity', 'bind', 'listing', 'operator'] as const;

export const transportStateSchema = z.object({
  state: z.enum(transportStates),
  /** Epoch milliseconds; 0 for a transport that nobody has said anything of. */
  since: z.number(),
  /** A sentence for people. */
  reason: z.string(),
  cause: z.enum(stateCauses).catch('none'),
});

export type TransportStateName = (typeof transportStates)[number];
export type StateCause = (typeof stateCauses)[number];

/**
 * warming: new to the world, its volume is capped · healthy · degraded: it sends, and others are better · quarantined:
 * nothing leaves by it while the pool has others.
 */
export type TransportState = Readonly<z.infer<typeof transportStateSchema>>;

/** Of a transport that nobody has said anything of. */
export const UNSEEN: TransportState = { state: 'healthy', since: 0, reason: '', cause: 'none' };
