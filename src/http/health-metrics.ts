// Figures of what is watched for Prometheus: transports, block lists, replies, senders that were acted upon, webhooks. Pure.

/** What the monitor found last. */
export type HealthFigures = Readonly<{
  /** The state that each transport is in. */
  states: readonly Readonly<{ transport: string; state: string }>[];
  /** Each list that was asked: 1 for a confirmed entry, 0 for none; lists that say nothing are left out. */
  listings: readonly Readonly<{ transport: string; address: string; list: string; listed: boolean }>[];
  /** Replies of the last hour by provider ("others" where no rule knows it) and kind. */
  replies: readonly Readonly<{
    transport: string;
    provider: string;
    kind: string;
    count: number;
    share: number;
  }>[];
  /** Users that are warned, slowed, stopped or held. */
  senders: readonly Readonly<{ user: string; state: string }>[];
  /** Limits in force, by what they are about, the rule that set them, and what they do. */
  limits: readonly Readonly<{ scope: string; rule: string; action: string; count: number }>[];
  /** Lanes of this process that hold back by what they learnt: closed, rate, connections. */
  learnt: readonly Readonly<{ transport: string; provider: string; learnt: string; count: number }>[];
  /** How long the oldest event of each webhook waits, seconds. */
  webhooks?: readonly Readonly<{ account: string; webhook: string; lag: number; parked: boolean }>[];
}>;

/** The part of a gauge that is used. */
export type LabelledGauge<T extends string> = Readonly<{
  reset(): void;
  set(labels: Readonly<Record<T, string>>, value: number): void;
}>;

export type MakeGauge = <T extends string>(
  name: string,
  help: string,
  labels: readonly T[],
) => LabelledGauge<T>;

/** Makes the gauges; the returned function fills them. */
export function makeHealthGauges(gauge: MakeGauge): (figures: HealthFigures) => void {
  const states = gauge('transport_state', '1 for the state that a transport is in.', ['transport', 'state']);
  const listings = gauge(
    'transport_listed',
    '1 where a block list has a confirmed entry of an address, else 0.',
    ['transport', 'address', 'list'],
  );
  const labels = ['transport', 'provider', 'kind'] as const;
  const counts = gauge('transport_replies', 'Replies within the last hour.', labels);
  const shares = gauge(
    'transport_replies_share',
    'Share of all replies within the last hour, 0 to 1.',
    labels,
  );
  const senders = gauge('sender_state', '1 for the state of a user whose mail was acted upon.', [
    'user',
    'state',
  ]);
  const limits = gauge('limits', 'Limits in force.', ['scope', 'rule', 'action']);
  const learnt = gauge('lanes_learnt', 'Lanes of this process that hold back by what they learnt.', [
    'transport',
    'provider',
    'learnt',
  ]);
  const lags = gauge('webhook_lag_seconds', 'How long the oldest event of a webhook waits.', [
    'account',
    'webhook',
  ]);
  const parked = gauge('webhook_parked', '1 where a webhook waits for a person, else 0.', [
    'account',
    'webhook',
  ]);
  return (figures) => {
    for (const one of [states, listings, counts, shares, senders, limits, learnt, lags, parked]) one.reset();
    for (const { lag, parked: isParked, ...of } of figures.webhooks ?? []) {
      lags.set(of, lag);
      parked.set(of, isParked ? 1 : 0);
    }
    for (const { transport, state } of figures.states) states.set({ transport, state }, 1);
    for (const { listed, ...of } of figures.listings) listings.set(of, listed ? 1 : 0);
    for (const { count, share, ...of } of figures.replies) {
      counts.set(of, count);
      shares.set(of, share);
    }
    for (const { user, state } of figures.senders) senders.set({ user, state }, 1);
    for (const { count, ...of } of figures.limits) limits.set(of, count);
    for (const { count, ...of } of figures.learnt) learnt.set(of, count);
  };
}
