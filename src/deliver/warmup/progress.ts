// How far a transport's warm-up is: its age in days for each provider, what a day changed about it, and today's limit. Pure.
import { daysBetween, plusDays, type Day } from '../../lib/day.ts';
import type { WarmupConfig } from './config.ts';

/** The name under which all mail hosts count that no provider is known of. */
export const OTHERS = '*';

/** What is remembered of a transport's warm-up; `since` and `address` say of which one. */
export type Progress = Readonly<{
  since: Day;
  /** The address that the world sees: another one begins anew. */
  address: string;
  /** The first day that has not been judged yet. */
  open: Day;
  /** Days on which nothing left: they do not count. */
  idle: number;
  /** Days that did not count, or were taken back, by provider: each one that it ever sent to. */
  back: Readonly<Record<string, number>>;
  /** It is over, whatever comes. */
  done?: true | undefined;
}>;

/** What left on one day, by provider: messages that came to MAIL, and what the other side made of them. */
export type DayCounts = Readonly<{
  used: ReadonlyMap<string, number>;
  deferred: ReadonlyMap<string, number>;
  bounced: ReadonlyMap<string, number>;
}>;

/** counts: the next day's limit is the next one of the curve · stands: the same again · back: that of earlier days. */
export type Verdict = 'counts' | 'stands' | 'back';

/** A warm-up as it begins. Days before `today` are taken to have been good ones. */
export function begun(since: Day, address: string, today: Day): Progress {
  return { since, address, open: since > today ? since : today, idle: 0, back: {} };
}

/** Its age for a provider on `day`, in days, counted from 1. */
export function ageOf(progress: Progress, provider: string, day: Day): number {
  const age = daysBetween(progress.since, day) + 1 - progress.idle - (progress.back[provider] ?? 0);
  return Math.max(1, age);
}

/** Messages that may leave on `day` to a provider; undefined: as many as there are. */
export function capOf(
  progress: Progress,
  { provider, day }: Readonly<{ provider: string; day: Day }>,
  config: WarmupConfig,
): number | undefined {
  if (progress.done) return undefined;
  return curveOf(provider, config)[ageOf(progress, provider, day) - 1];
}

/** The curve of a provider. */
export function curveOf(provider: string, config: WarmupConfig): readonly number[] {
  if (provider === OTHERS) return config.others ?? config.curve;
  return config.providers[provider] ?? config.curve;
}

/** What a day's figures say of going on. */
export function judgeDay(
  figures: Readonly<{ used: number; deferred: number; bounced: number }>,
  { slip }: WarmupConfig,
): Verdict {
  const { used, deferred, bounced } = figures;
  if (used < slip.atLeast) return 'counts';
  const excess = Math.max(over(deferred / used, slip.deferrals), over(bounced / used, slip.bounces));
  return excess > 2 ? 'back' : excess > 1 ? 'stands' : 'counts';
}

/** How many times its limit a share is. */
function over(share: number, limit: number): number {
  if (limit > 0) return share / limit;
  return share > 0 ? Infinity : 0;
}

/** Judges all days before `today`; `countsOf` has what left on each of them. */
export function judgeDays(
  progress: Progress,
  today: Day,
  countsOf: (day: Day) => DayCounts | undefined,
  config: WarmupConfig,
): Progress {
  let next = progress;
  for (let day = progress.open; day < today; day = plusDays(day, 1))
    next = after(next, day, countsOf(day), config);
  return next.done || !isOver(next, today, config) ? next : { ...next, done: true };
}

function after(progress: Progress, day: Day, counts: DayCounts | undefined, config: WarmupConfig): Progress {
  const open = plusDays(day, 1);
  const sent = counts ? [...counts.used].filter(([, used]) => used > 0) : [];
  if (!counts || sent.length === 0) return { ...progress, open, idle: progress.idle + 1 };
  const back = sent.map(([provider, used]) => {
    const deferred = counts.deferred.get(provider) ?? 0;
    const bounced = counts.bounced.get(provider) ?? 0;
    const verdict = judgeDay({ used, deferred, bounced }, config);
    const days = { counts: 0, stands: 1, back: 1 + config.slip.back }[verdict];
    // Never below the first day.
    const most = ageOf(progress, provider, open) - 1;
    return [provider, (progress.back[provider] ?? 0) + Math.min(days, most)] as const;
  });
  return { ...progress, open, back: { ...progress.back, ...Object.fromEntries(back) } };
}

/** True when no provider has a limit any more. */
function isOver(progress: Progress, day: Day, config: WarmupConfig): boolean {
  const names = [OTHERS, '', ...Object.keys(config.providers), ...Object.keys(progress.back)];
  return names.every((provider) => capOf(progress, { provider, day }, config) === undefined);
}
