// The stretches of time that statistics are shown for, and how finely each is drawn.
import { useMemo } from 'preact/hooks';
import { now } from '../../lib/time.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const spans = {
  day: { ms: DAY, every: 'hour', step: HOUR },
  week: { ms: 7 * DAY, every: 'hour', step: HOUR },
  month: { ms: 30 * DAY, every: 'day', step: DAY },
  quarter: { ms: 90 * DAY, every: 'day', step: DAY },
} as const;

export type SpanName = keyof typeof spans;
export const spanNames: readonly SpanName[] = ['day', 'week', 'month', 'quarter'];

export const spanOf = (name: string | undefined, other: SpanName = 'week'): SpanName =>
  spanNames.find((one) => one === name) ?? other;

export type Range = Readonly<{ since: number; until: number; every: 'hour' | 'day'; step: number }>;

/** Up to now, in whole steps; stays as it is until another span is chosen. */
export function useRange(name: SpanName): Range {
  return useMemo(() => {
    const { ms, every, step } = spans[name];
    const until = (Math.floor(now() / step) + 1) * step;
    return { since: until - ms, until, every, step };
  }, [name]);
}
