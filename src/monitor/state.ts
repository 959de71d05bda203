// The states of a transport: warming, healthy, degraded, quarantined, and what leads from one to another. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { StateCause, TransportState } from '../model/transport-state.ts';
import type { RatesJudgement } from './rates.ts';

/** What the checks found. A listing here is a confirmed one, and lasts until it is clean often enough. */
export type Signals = Readonly<{
  /** Its warm-up goes on. */
  warming: boolean;
  /** Why it must not be used: a sentence; undefined: nothing of the kind. */
  listed: string | undefined;
  /** Trouble that lowers it at once, in order of weight. */
  troubles: readonly Readonly<{ cause: StateCause; sentence: string }>[];
  rates: RatesJudgement;
}>;

/** Rounds in a row, kept from one to the next. */
export type Streaks = Readonly<{ bad: number; worst: number; calm: number }>;

export const NO_STREAKS: Streaks = { bad: 0, worst: 0, calm: 0 };

export type StateRules = Readonly<{ checks: number; calm: number; restMs: number }>;

export type Step = Readonly<{
  streaks: Streaks;
  /** Where it goes; undefined: it stays. */
  to?: Omit<TransportState, 'since'>;
}>;

/** One round. What an operator set stays until an operator undoes it. */
export function nextState(
  now: TransportState,
  {
    signals,
    streaks: before,
    rules,
    at,
  }: Readonly<{ signals: Signals; streaks: Streaks; rules: StateRules; at: EpochMs }>,
): Step {
  const streaks = streaksAfter(before, signals);
  if (now.cause === 'operator' && now.state !== 'healthy') return { streaks };
  const wanted = wantedState(now, { signals, streaks, rules, at });
  if (!wanted) return { streaks };
  const isSame = wanted.state === now.state && wanted.cause === now.cause;
  return isSame ? { streaks } : { streaks: { ...streaks, calm: 0 }, to: wanted };
}

function streaksAfter(before: Streaks, { listed, troubles, rates }: Signals): Streaks {
  const isCalm = listed === undefined && troubles.length === 0 && rates.level === 'good';
  return {
    bad: rates.level === 'good' ? 0 : before.bad + 1,
    worst: rates.level === 'worst' ? before.worst + 1 : 0,
    calm: isCalm ? before.calm + 1 : 0,
  };
}

type Round = Readonly<{ signals: Signals; streaks: Streaks; rules: StateRules; at: EpochMs }>;

/** undefined: it stays as it is. */
function wantedState(now: TransportState, round: Round): Omit<TransportState, 'since'> | undefined {
  const { signals, streaks, rules, at } = round;
  const { listed, rates } = signals;
  if (listed !== undefined) return { state: 'quarantined', reason: listed, cause: 'listing' };
  if (streaks.worst >= rules.checks)
    return { state: 'quarantined', reason: sentence(rates.reason), cause: 'rates' };
  const rests = now.state === 'quarantined' && now.cause === 'rates';
  if (rests && at - now.since < rules.restMs) return undefined;
  if (rests) return { state: 'degraded', reason: 'Its rest is over; it is tried again.', cause: 'rates' };
  return degraded(now, round) ?? recovered(now, round);
}

function degraded(
  now: TransportState,
  { signals, streaks, rules }: Round,
): Omit<TransportState, 'since'> | undefined {
  const [worst] = signals.troubles;
  if (worst) return { state: 'degraded', reason: worst.sentence, cause: worst.cause };
  const stays = now.state === 'degraded' && now.cause === 'rates' && signals.rates.level !== 'good';
  if (stays || streaks.bad >= rules.checks)
    return { state: 'degraded', reason: sentence(signals.rates.reason), cause: 'rates' };
  return undefined;
}

/** Lists have been clean often enough when they are no signal any more; all else must be calm for a while. */
function recovered(
  now: TransportState,
  { signals: { warming }, streaks, rules }: Round,
): Omit<TransportState, 'since'> | undefined {
  const wasListed = now.state === 'quarantined' && now.cause === 'listing';
  if (now.state === 'degraded' && streaks.calm < rules.calm) return undefined;
  const state = warming ? 'warming' : 'healthy';
  if (now.state === state) return undefined;
  const cause = warming ? 'warm-up' : 'none';
  return { state, cause, reason: reasonFor(now, warming, wasListed) };
}

function reasonFor(now: TransportState, warming: boolean, wasListed: boolean): string {
  if (wasListed) return 'The block lists are clean again.';
  if (now.state === 'degraded') return 'All checks have been good for a while.';
  return warming ? 'Its warm-up has begun.' : 'Its warm-up is over.';
}

const sentence = (reason: string): string => `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
