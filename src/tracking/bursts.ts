// Clicks that no person makes: many links of one letter within seconds, or one letter over and over. Pure but for its memory.
import { makeRecent, type Recent } from './recent.ts';

/** The clicks on one letter's links within one short time; judged when it is over. */
export type Burst = Readonly<{ isScan(): boolean }>;

export type Bursts = Readonly<{
  /** A click on a link; what it returns is told by later clicks, too. */
  click(delivery: string, link: number, ticks: number): Burst;
  /** False when the letter has had so many hits in the last hour that no more are written down. */
  take(delivery: string, ticks: number): boolean;
}>;

/** Clicks within so long after the first one belong together. */
export const BURST_MS = 2000;
/** People who open several links one after the other need longer. */
const SCAN_LINKS = 3;
/** A letter to a mailing list is opened by many; a loop that fetches one link is worth no more. */
const MAX_HITS = 1000;
const HOUR_MS = 3_600_000;
const MAX_LETTERS = 10_000;

type Window = Readonly<{ since: number; links: Set<number> }>;
type Count = { readonly since: number; hits: number };

/** Remembers the letters that were hit last, a bounded number of them. */
export function makeBursts(): Bursts {
  const windows = makeRecent<Window>(MAX_LETTERS);
  const counts = makeRecent<Count>(MAX_LETTERS);
  return {
    click: (delivery, link, ticks) => {
      const window = recent(windows, { delivery, ticks, lifeMs: BURST_MS }, () => ({
        since: ticks,
        links: new Set(),
      }));
      window.links.add(link);
      return { isScan: () => window.links.size >= SCAN_LINKS };
    },
    take: (delivery, ticks) => {
      const count = recent(counts, { delivery, ticks, lifeMs: HOUR_MS }, () => ({ since: ticks, hits: 0 }));
      count.hits++;
      return count.hits <= MAX_HITS;
    },
  };
}

type Wanted = Readonly<{ delivery: string; ticks: number; lifeMs: number }>;

/** The entry that is young enough, or a new one in the place of an older one. */
function recent<T extends Readonly<{ since: number }>>(
  entries: Recent<T>,
  { delivery, ticks, lifeMs }: Wanted,
  make: () => T,
): T {
  const known = entries.get(delivery);
  if (known && ticks - known.since <= lifeMs) return known;
  const made = make();
  entries.set(delivery, made);
  return made;
}
