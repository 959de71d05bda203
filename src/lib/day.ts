// Calendar days in a time zone: which one a moment is in, when the next begins, and how many lie between two. Pure.
import type { EpochMs } from './clock.ts';

/** "2026-11-25". Days compare as texts do. */
export type Day = string;

/** Names of the months in English, January first. */
export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** A zone that jumps over the date line skips a day: the next one that there is begins within so many hours. */
const MAX_DAY_HOURS = 50;

const formats = new Map<string, Intl.DateTimeFormat>();

/** True when `zone` is a name that this system knows, such as "Europe/Rome" or "UTC". */
export function isTimeZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** The day of a moment in `zone`. Throws a RangeError where `isTimeZone` says no. */
export function dayOf(at: EpochMs, zone: string): Day {
  return formatOf(zone).format(at);
}

/** The first moment of the day after that of `at`; where clocks are changed at midnight it is not called 00:00. */
export function nextDayAt(at: EpochMs, zone: string): EpochMs {
  const today = dayOf(at, zone);
  let before = at;
  let after = at + HOUR_MS;
  for (let hour = 1; hour <= MAX_DAY_HOURS && dayOf(after, zone) === today; hour++) {
    before = after;
    after += HOUR_MS;
  }
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle, zone) === today) before = middle;
    else after = middle;
  }
  return after;
}

/** The first moment of the day that `at` is in. */
export function dayBegunAt(at: EpochMs, zone: string): EpochMs {
  // No day has more hours than that: this is one before, or the one before that.
  let start = nextDayAt(at - MAX_DAY_HOURS * HOUR_MS, zone);
  for (let next = start; next <= at; next = nextDayAt(next, zone)) start = next;
  return start;
}

/** Days from one to another; negative where it is the earlier one. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** The day so many days later, or earlier. */
export function plusDays(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  // The Swedish way to write a date is the international one.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  formats.set(timeZone, made);
  return made;
}
