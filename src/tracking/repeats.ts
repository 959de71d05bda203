// What keeps orders to unsubscribe that are repeated without end from filling the events. Pure but for its memory.
import type { Event } from '../model/event.ts';
import { makeRecent } from './recent.ts';

export type Repeats = Readonly<{
  /** Those that were not told lately. */
  untold(events: readonly Event[]): readonly Event[];
  /** They are written down. */
  told(events: readonly Event[]): void;
  /** False when the letter's reader has changed their mind too often in the last hour. */
  mayReturn(delivery: string, ticks: number): boolean;
}>;

type Returns = { readonly since: number; count: number };

const MAX_KNOWN = 10_000;
const HOUR_MS = 3_600_000;
/** People who try the page out come and go a few times. */
const MAX_RETURNS = 20;

export function makeRepeats(): Repeats {
  const known = makeRecent<true>(MAX_KNOWN);
  const returns = makeRecent<Returns>(MAX_KNOWN);
  return {
    untold: (events) => events.filter(({ id }) => known.get(id) === undefined),
    told: (events) => {
      for (const { id } of events) known.set(id, true);
    },
    mayReturn: (delivery, ticks) => {
      const found = returns.get(delivery);
      const entry = found && ticks - found.since <= HOUR_MS ? found : { since: ticks, count: 0 };
      if (entry !== found) returns.set(delivery, entry);
      entry.count++;
      return entry.count <= MAX_RETURNS;
    },
  };
}
