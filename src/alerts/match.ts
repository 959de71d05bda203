// Which rules an alert is for, and when a rule speaks. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Alert } from './alert.ts';
import type { AlertRule } from './config.ts';

/** True when the rule asks for such alerts. A filter that is there lets nothing pass that is about none of its names. */
export function isFor(rule: AlertRule, { kind, facts }: Alert): boolean {
  const passes = (only: readonly string[], value: string | undefined): boolean =>
    only.length === 0 || (value !== undefined && only.includes(value));
  return (
    rule.when.includes(kind) &&
    passes(rule.accounts, facts.account) &&
    passes(rule.users, facts.user) &&
    passes(rule.transports, facts.transport)
  );
}

export type Pending = Readonly<{
  /** When the oldest came in; undefined: nothing waits. */
  since: EpochMs | undefined;
  /** Hour of the last mail, counted from 1970, and mails in it. */
  hour: number;
  mails: number;
}>;

const HOUR = 3_600_000;

/** True when what waits for the rule is to be told now. */
export function isDue(
  rule: AlertRule,
  waits: Pending,
  at: Readonly<{ now: EpochMs; mailsPerHour: number }>,
): boolean {
  const { since } = waits;
  if (since === undefined) return false;
  if (rule.every > 0) return Math.floor(at.now / rule.every) > Math.floor(since / rule.every);
  return waits.hour !== hourOf(at.now) || waits.mails < at.mailsPerHour;
}

/** The hour of a moment, counted from 1970. */
export function hourOf(now: EpochMs): number {
  return Math.floor(now / HOUR);
}
