// Rates as people write them ("100/min", "500/d", "2/h"), and as a value of the configuration. Pure.
import { z } from 'zod';

/** So many per so many milliseconds. */
export type Rate = Readonly<{ count: number; perMs: number }>;

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  sec: 1000,
  second: 1000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
};

/** Undefined when it is no rate. */
export function parseRate(text: string): Rate | undefined {
  const match = /^\s*(\d{1,9})\s*\/\s*(s|sec|second|min|minute|h|hour|d|day)\s*$/.exec(text);
  const count = Number(match?.[1]);
  const perMs = UNITS[match?.[2] ?? ''];
  return perMs === undefined || count < 1 ? undefined : { count, perMs };
}

/** The shortest way to say it: "100/min". */
export function sayRate({ count, perMs }: Rate): string {
  const unit = Object.entries({ s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }).find(
    ([, ms]) => ms === perMs,
  );
  return unit ? `${count}/${unit[0]}` : `${Math.round((count / perMs) * 3_600_000)}/h`;
}

/** Milliseconds from one to the next. */
export const spacing = ({ count, perMs }: Rate): number => perMs / count;

/** The slower one; undefined stands for no limit. */
export function slower(one: Rate | undefined, other: Rate | undefined): Rate | undefined {
  if (!one || !other) return one ?? other;
  return spacing(one) >= spacing(other) ? one : other;
}

/** A rate in the configuration. */
export const rateSchema = z.string().transform((text, context) => {
  const rate = parseRate(text);
  if (rate) return rate;
  context.addIssue({ code: 'custom', message: 'must be a rate such as "100/min", "10/s", "2/h" or "500/d"' });
  return z.NEVER;
});
