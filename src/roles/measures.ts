// What the monitor does about a user: pauses with a reason, and limits; what an operator paused is left as it is.
import type { PauseName } from '../backlog/pauses.ts';
import { limitId } from '../deliver/shaping/limit.ts';
import type { Measures } from '../monitor/measures.ts';
import type { Base } from './base.ts';

const OURS = 'monitor';

export function makeMeasures({ config, operate, limits }: Base): Measures {
  const messages = config.monitor.senders.slowTo;
  const nameOf = (user: string): PauseName => `user:${user}`;
  /** Who paused it; undefined: nobody. */
  const pausedBy = async (user: string): Promise<string | undefined> => {
    const pauses = await operate.pauses();
    return pauses.find(({ name }) => name === nameOf(user))?.by;
  };
  return {
    slow: (user, why, until) =>
      limits.set({ scope: 'user', key: user, action: 'slow', messages, rule: OURS, why, until }),
    unslow: async (user) => {
      await limits.cancel(limitId({ scope: 'user', key: user, rule: OURS }), 'the monitor');
    },
    pause: async (user, reason, until) => {
      const by = await pausedBy(user);
      if (by !== undefined && by !== OURS) return;
      await operate.pause(nameOf(user), { by: OURS, reason, ...(until === undefined ? {} : { until }) });
    },
    resume: async (user) => {
      if ((await pausedBy(user)) === OURS) await operate.resume(nameOf(user));
    },
    isPaused: async (user) => (await pausedBy(user)) !== undefined,
  };
}
