// Moments as people read them, in UTC: "2026-01-31 23:59:00", to the minute, or the day alone; and in names of files. Pure.
import type { EpochMs } from './clock.ts';

const LENGTHS = { second: 19, minute: 16, day: 10 } as const;

/** A moment in a file's name: "2026-01-31T23-59-00-000Z". Sorts by time. */
export function stampOf(at: EpochMs): string {
  return new Date(at).toISOString().replaceAll(/[:.]/g, '-');
}

/** Without the zone: where it stands alone, say "UTC" behind it. */
export function sayMoment(at: EpochMs, to: keyof typeof LENGTHS): string {
  return new Date(at).toISOString().slice(0, LENGTHS[to]).replace('T', ' ');
}
