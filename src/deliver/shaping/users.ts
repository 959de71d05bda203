// Users who were slowed down: each of their deliveries gets its own moment, and is held until then once. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import { slower, type Rate } from '../../lib/rate.ts';
import type { Limit } from './limit.ts';
import { Pace } from './pace.ts';

type Slowed = { pace: Pace; moments: Map<string, EpochMs> };

const MAX_MOMENTS = 10_000;
/** A delivery comes a little before its moment where clocks differ. */
const EARLY_MS = 1000;

/** A class: it has changing state. */
export class Users {
  readonly #slowed = new Map<string, Slowed>();

  /** Until when a delivery of this user is to be held; undefined: it may go. `limits` are those in force. */
  heldUntil(
    user: string,
    delivery: string,
    { limits, now }: Readonly<{ limits: readonly Limit[]; now: EpochMs }>,
  ): EpochMs | undefined {
    const ours = limits.filter(({ scope, key, until }) => scope === 'user' && key === user && until > now);
    if (ours.length === 0) {
      this.#slowed.delete(user);
      return undefined;
    }
    const suspended = ours.filter(({ action }) => action === 'suspend').map(({ until }) => until);
    if (suspended.length > 0) return Math.max(...suspended);
    const rate = ours.reduce<Rate | undefined>(
      (slowest, { messages }) => slower(slowest, messages),
      undefined,
    );
    return (
      rate && this.#momentOf(user, delivery, { rate, now, end: Math.max(...ours.map(({ until }) => until)) })
    );
  }

  #momentOf(
    user: string,
    delivery: string,
    { rate, now, end }: Readonly<{ rate: Rate; now: EpochMs; end: EpochMs }>,
  ): EpochMs | undefined {
    const slowed = this.#slowed.get(user) ?? { pace: new Pace(), moments: new Map<string, EpochMs>() };
    this.#slowed.set(user, slowed);
    const { pace, moments } = slowed;
    pace.rate = rate;
    const moment = moments.get(delivery);
    if (moment !== undefined) {
      if (now < moment - EARLY_MS) return moment;
      moments.delete(delivery);
      return undefined;
    }
    const wait = pace.waitMs(now);
    if (now + wait >= end) return end;
    if (wait > 0 && moments.size >= MAX_MOMENTS) return now + wait;
    pace.take(now);
    if (wait === 0) return undefined;
    moments.set(delivery, now + wait);
    return now + wait;
  }
}
