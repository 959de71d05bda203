// Whether a sender burns our addresses: bounces and complaints warn, slow, then stop it, and let it go on when it is better. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { SenderConfig } from './sender-config.ts';
import type { SenderTally } from './tallies.ts';

export const senderStates = ['fine', 'warned', 'slowed', 'stopped'] as const;
export type SenderStateName = (typeof senderStates)[number];

export type SenderState = Readonly<{
  state: SenderStateName;
  since: EpochMs;
  reason: string;
  /** Rounds in a row that called for less. */
  calm: number;
  /** When what slows or stops it ends by itself. */
  until?: EpochMs | undefined;
  /** What happened before does not count: it was paid for, or an operator forgave it. */
  countFrom: EpochMs;
}>;

export const FINE: SenderState = { state: 'fine', since: 0, reason: '', calm: 0, countFrom: 0 };

export type SenderRates = Readonly<{ bounces: number; complaints: number }>;

/** Percent of final answers that were bounces, and of deliveries that were complained of. */
export function senderRates(tally: SenderTally, config: SenderConfig): SenderRates {
  const { delivered, bounced, complained } = tally;
  return {
    bounces: (100 * bounced) / Math.max(config.bounces.minimum, delivered + bounced),
    complaints: (100 * complained) / Math.max(config.complaints.minimum, delivered),
  };
}

/** What led to a stage must be so much better before it is left. */
const EASE = 0.8;
const CALM_ROUNDS = 10;

/** How bad the rates are, by the worse of the two. `was`: the stage it is in, which is left only when it is clearly better. */
export function judgeSender(
  tally: SenderTally,
  config: SenderConfig,
  was: SenderStateName,
): Readonly<{ state: SenderStateName; reason: string }> {
  const rates = senderRates(tally, config);
  const judged = (['bounces', 'complaints'] as const).map((kind) => {
    const stages = { warned: config[kind].warn, slowed: config[kind].slow, stopped: config[kind].stop };
    const reached = (['stopped', 'slowed', 'warned'] as const).find(
      (stage) => rates[kind] >= stages[stage] * (rank(was) >= rank(stage) ? EASE : 1) && rates[kind] > 0,
    );
    const count = kind === 'bounces' ? tally.bounced : tally.complained;
    const said = `${round(rates[kind])} % ${kind} within 24 hours (${count})`;
    return { state: reached ?? ('fine' as const), reason: reached === undefined ? '' : said };
  });
  const [worst = { state: 'fine', reason: '' } as const] = judged.toSorted(
    (one, other) => rank(other.state) - rank(one.state),
  );
  return worst;
}

const rank = (state: SenderStateName): number => senderStates.indexOf(state);
const round = (percent: number): string => percent.toFixed(percent >= 10 ? 0 : 2);

export const isGraver = (one: SenderStateName, other: SenderStateName): boolean => rank(one) > rank(other);

/** The gravest of the two that operators allow. */
export function atMost(state: SenderStateName, act: SenderConfig['act']): SenderStateName {
  const most = { off: 'fine', warn: 'warned', slow: 'slowed', stop: 'stopped' } as const;
  return rank(state) <= rank(most[act]) ? state : most[act];
}

/** One round. `judged`: what the rates call for, already as far as it may go; `isPaused`: nobody lifted the stop. */
export function nextSender(
  now: SenderState,
  {
    judged,
    isPaused,
    at,
    stopForMs,
  }: Readonly<{
    judged: Readonly<{ state: SenderStateName; reason: string }>;
    isPaused: boolean;
    at: EpochMs;
    stopForMs: number;
  }>,
): SenderState {
  if (now.state === 'stopped') return afterStop(now, { isPaused, at });
  if (rank(judged.state) > rank(now.state)) {
    const until = { until: isGraver(judged.state, 'warned') ? at + stopForMs : undefined };
    return { ...judged, since: at, calm: 0, countFrom: now.countFrom, ...until };
  }
  if (judged.state === now.state) {
    // What slows it has an end; as long as it is called for it is made longer.
    if (now.state === 'slowed' && now.until !== undefined && at >= now.until)
      return { ...now, calm: 0, until: at + stopForMs };
    return now.calm === 0 ? now : { ...now, calm: 0 };
  }
  if (now.calm + 1 < CALM_ROUNDS) return { ...now, calm: now.calm + 1 };
  const reason = judged.state === 'fine' ? 'Its rates are in order again.' : judged.reason;
  const until = judged.state === 'slowed' ? { until: at + stopForMs } : {};
  return { state: judged.state, since: at, reason, calm: 0, countFrom: now.countFrom, ...until };
}

/** A stop ends when its time is over, or when an operator lifts the pause; what led to it does not count again. */
function afterStop(
  now: SenderState,
  { isPaused, at }: Readonly<{ isPaused: boolean; at: EpochMs }>,
): SenderState {
  const isOver = now.until !== undefined && at >= now.until;
  if (isPaused && !isOver) return now;
  const reason = isOver ? 'Its stop is over.' : 'An operator let it go on.';
  return { state: 'fine', since: at, reason, calm: 0, countFrom: at };
}
