// Periods of exports: which hour or day comes next, and what its file is called. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { dayBegunAt, dayOf, nextDayAt } from '../lib/day.ts';

/** From `from` to before `until`. `name` is that of the hour (UTC) or day: "2026-11-25T13" or "2026-11-25". */
export type Period = Readonly<{ from: EpochMs; until: EpochMs; name: string }>;

const HOUR_MS = 3_600_000;

/** The period that begins at `from`, which is the end of the one before. */
export function periodFrom(from: EpochMs, every: 'hour' | 'day', zone: string): Period {
  return every === 'hour'
    ? { from, until: from + HOUR_MS, name: new Date(from).toISOString().slice(0, 13) }
    : { from, until: nextDayAt(from, zone), name: dayOf(from, zone) };
}

/** When the period that `at` is in began. */
export function beginOf(at: EpochMs, every: 'hour' | 'day', zone: string): EpochMs {
  return every === 'hour' ? Math.floor(at / HOUR_MS) * HOUR_MS : dayBegunAt(at, zone);
}
