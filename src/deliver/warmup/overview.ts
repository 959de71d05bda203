// A warm-up as people look at it: for each provider its day, what may leave today, and what has left. Pure.
import type { Day } from '../../lib/day.ts';
import type { WarmupConfig } from './config.ts';
import { ageOf, capOf, curveOf, OTHERS, type DayCounts, type Progress } from './progress.ts';

export type ProviderProgress = Readonly<{
  /** "others": all mail hosts that no provider is known of. */
  provider: string;
  /** Its day of the warm-up, of how many. */
  day: number;
  days: number;
  /** Messages that may leave today; absent: as many as there are. */
  cap?: number;
  used: number;
  deferred: number;
  bounced: number;
}>;

export type WarmupOverview = Readonly<{
  since: Day;
  today: Day;
  timeZone: string;
  done: boolean;
  /** Days on which nothing left, so that they do not count. */
  idle: number;
  providers: readonly ProviderProgress[];
}>;

/** What there is to say of a warm-up on the day `at.today`. */
export function overviewOf(
  progress: Progress,
  counts: DayCounts,
  at: Readonly<{ today: Day; timeZone: string }>,
  config: WarmupConfig,
): WarmupOverview {
  const names = new Set([
    OTHERS,
    ...Object.keys(config.providers),
    ...Object.keys(progress.back),
    ...counts.used.keys(),
  ]);
  const { today, timeZone } = at;
  const providers = [...names].sort().map((provider) => {
    const cap = capOf(progress, { provider, day: today }, config);
    return {
      provider: sayProvider(provider),
      day: ageOf(progress, provider, today),
      days: curveOf(provider, config).length,
      ...(cap === undefined ? {} : { cap }),
      used: counts.used.get(provider) ?? 0,
      deferred: counts.deferred.get(provider) ?? 0,
      bounced: counts.bounced.get(provider) ?? 0,
    };
  });
  return {
    since: progress.since,
    today,
    timeZone,
    done: progress.done ?? false,
    idle: progress.idle,
    providers,
  };
}

/** A provider's name for people. */
export function sayProvider(provider: string): string {
  return provider === OTHERS ? 'others' : provider;
}
