// Moments to come as people write them on the command line: "+2h", or a date with its time and zone. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';

const DATE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)$/i;
const MAX_AHEAD_MS = 366 * 86_400_000;

export type Moment = Readonly<{ ok: true; at: EpochMs }> | Readonly<{ ok: false; problem: string }>;

/** Reads "now", "+2h" or "2026-01-31T09:00+01:00". A time that has passed is as good as now; at most a year ahead. */
export function readMoment(text: string, now: EpochMs): Moment {
  const at = momentOf(text.trim(), now);
  if (at === undefined || Number.isNaN(at)) {
    const forms = '"now", "+2h", or a date with its time and zone such as "2026-01-31T09:00Z"';
    return { ok: false, problem: `${text}: give ${forms}.` };
  }
  if (at - now > MAX_AHEAD_MS) return { ok: false, problem: `${text}: that is more than a year ahead.` };
  return { ok: true, at: Math.round(at) };
}

function momentOf(text: string, now: EpochMs): EpochMs | undefined {
  if (text.toLowerCase() === 'now') return now;
  if (DATE.test(text)) return Date.parse(text.toUpperCase().replace(' ', 'T'));
  const ahead = text.startsWith('+') ? parseDuration(text.slice(1)) : undefined;
  return ahead === undefined ? undefined : now + ahead;
}
