// What the monitor does about a user: pauses with a reason, and limits; what an operator paused is left as it is.
import { z } from 'zod';
import type { PauseName } from '../backlog/pauses.ts';
import { limitId } from '../deliver/shaping/limit.ts';
import { parseJson } from '../lib/json.ts';
import type { Measures } from '../monitor/measures.ts';
import type { Base } from './base.ts';

const OURS = 'monitor';
/** What a sender who was slowed down may still send. */
const SLOW = { count: 1, perMs: 60_000 };
const pauseSchema = z.object({ by: z.string().optional() });

/** Pauses of users by name: `by`, `reason` and `until` stand beside the time in the pause's entry. */
export function makeMeasures({ asking, keys, clock, pauses, operate, limits }: Base): Measures {
  const nameOf = (user: string): PauseName => `user:${user}`;
  /** Who paused it; undefined: nobody. */
  const pausedBy = async (user: string): Promise<string | undefined> => {
    const text = await asking.call('HGET', keys.pauses, nameOf(user));
    return typeof text === 'string' ? (parseJson(text, pauseSchema)?.by ?? 'operator') : undefined;
  };
  return {
    slow: (user, why, until) =>
      limits.set({ scope: 'user', key: user, action: 'slow', messages: SLOW, rule: OURS, why, until }),
    unslow: async (user) => {
      await limits.cancel(limitId({ scope: 'user', key: user, rule: OURS }), 'the monitor');
    },
    pause: async (user, reason, until) => {
      const by = await pausedBy(user);
      if (by !== undefined && by !== OURS) return;
      const entry = { at: clock.now(), by: OURS, reason, ...(until === undefined ? {} : { until }) };
      await asking.call('HSET', keys.pauses, nameOf(user), JSON.stringify(entry));
      await Promise.all([pauses.refresh(), asking.call('PUBLISH', keys.pauses, 'changed')]);
    },
    resume: async (user) => {
      if ((await pausedBy(user)) === OURS) await operate.resume(nameOf(user));
    },
    isPaused: async (user) => (await pausedBy(user)) !== undefined,
  };
}
