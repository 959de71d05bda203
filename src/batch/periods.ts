// Periods of exports: which hour or day comes next, and what its file is called. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { dayBegunAt, dayOf, nextDayAt } from '../lib/day.ts';

/** From `from` to before `until`. `name` is that of the hour (UTC) or day: "2026-11-25T13" or "2026-11-25". */
export type Period = Readonly<{ from: EpochMs; until: EpochMs; name: string }>;

const HOUR_MS = 3_600_000;

/**
 * The period that begins at `from`, which is the end of the one before. What is left of a day, where the zone was changed or
 * hours became days, has the name of its first hour: that of the day may be taken.
 */
export function periodFrom(from: EpochMs, every: 'hour' | 'day', zone: string): Period {
  const hour = new Date(from).toISOString().slice(0, 13);
  if (every === 'hour') return { from, until: from + HOUR_MS, name: hour };
  const isWhole = dayBegunAt(from, zone) === from;
  return { from, until: nextDayAt(from, zone), name: isWhole ? dayOf(from, zone) : hour };
}

/** When the period that `at` is in began. */
export function beginOf(at: EpochMs, every: 'hour' | 'day', zone: string): EpochMs {
  return every === 'hour' ? Math.floor(at / HOUR_MS) * HOUR_MS : dayBegunAt(at, zone);
}
