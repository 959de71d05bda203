// A warm-up for people: which day of it this is for each provider, and what has left today. Pure.
import type { ProviderProgress, WarmupOverview } from '../deliver/warmup/overview.ts';
import { table } from './command.ts';

/** A cell of the list: "day 3 of 30", "warm" or nothing. */
export function sayWarmupShort(warmup: WarmupOverview | undefined): string {
  if (warmup === undefined) return '';
  if (warmup.done) return 'warm';
  // The youngest is the one that people wait for.
  const [youngest] = warmup.providers.toSorted((a, b) => a.day - b.day);
  return youngest ? `day ${youngest.day} of ${youngest.days}` : '';
}

/** Everything, as a table of providers. */
export function sayWarmup(warmup: WarmupOverview): string {
  const { since, done, idle, today, timeZone, providers } = warmup;
  if (done) return `Its warm-up began on ${since} and is over.`;
  const pauses =
    idle === 0 ? '' : `; ${idle} ${idle === 1 ? 'day' : 'days'} on which nothing left did not count`;
  const rows = providers.map((one) => [
    one.provider,
    one.day > one.days ? 'over' : `${one.day} of ${one.days}`,
    one.cap === undefined ? 'no limit' : String(one.cap),
    String(one.used),
    sayShare(one.deferred, one),
    sayShare(one.bounced, one),
  ]);
  const head = ['provider', 'day', 'may leave today', 'has left', 'put off', 'refused'];
  return `Its warm-up began on ${since}${pauses}. Today is ${today} (${timeZone}):\n${table(head, rows, '')}`;
}

function sayShare(count: number, { used }: ProviderProgress): string {
  return count === 0 || used === 0 ? String(count) : `${count} (${Math.round((100 * count) / used)} %)`;
}
