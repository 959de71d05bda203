// Which way out a delivery gets: its pool's transports, then those of the fallback pool, else the one to wait for. Pure.
import type { Pool, Transport } from '../../model/settings.ts';
import type { TransportState } from '../../model/transport-state.ts';
import { chooseTransport } from './choose.ts';

/** What is known of a transport at this moment. */
export type Facts = Readonly<{
  state(transport: Transport): Pick<TransportState, 'state' | 'cause'>;
  /** worked: a process has its lease · soon: nobody has, but not for long · none: nobody will. */
  carried(transport: Transport): 'worked' | 'soon' | 'none';
  /** What its warm-up lets leave today: no more, some more, or as much as there is. */
  room(transport: Transport): 'none' | 'some' | 'free';
}>;

export type Pools = Readonly<{
  members(pool: string): readonly Transport[];
  pool(name: string): Pool | undefined;
}>;

/** Whose delivery it is. `keeps` is the transport that its last attempt was made by, which greylisting knows. */
export type Ask = Readonly<{ pool: string; user: string; domain: string; keeps?: string }>;

/**
 * `transport` is "" where there is none to wait for. `fallback` names the fallback pool where it is one of that, and `why`
 * says for what.
 */
export type Picked = Readonly<{ transport: string; fallback?: string; why?: 'full' | 'down' }>;

/** A degraded transport gets so much of its share: others are better. */
const DEGRADED_SHARE = 0.25;

/** Picks for `ask` what can send now, else what is worth waiting for. */
export function pickTransport(ask: Ask, pools: Pools, facts: Facts): Picked {
  const members = pools.members(ask.pool);
  const open = members.filter(isOpen);
  const good = open.filter((one) => facts.state(one).state !== 'quarantined');
  const now = readyOf(good, facts);
  if (now.length > 0) return { transport: choose(now, ask, facts) };

  const fallback = pools.pool(ask.pool)?.fallback;
  const others = fallback === undefined || fallback === ask.pool ? [] : pools.members(fallback);
  const instead = others.filter((one) => isOpen(one) && facts.state(one).state !== 'quarantined');
  const ready = readyOf(instead, facts);
  if (fallback !== undefined && ready.length > 0) {
    const isFull = good.some((one) => facts.carried(one) === 'worked');
    return { transport: choose(ready, ask, facts), fallback, why: isFull ? 'full' : 'down' };
  }
  return {
    transport: choose(worthWaiting({ members, open, good }, pools.pool(ask.pool), facts), ask, facts),
  };
}

/** True when operators let new mail leave by it. */
function isOpen({ paused, draining }: Transport): boolean {
  return !paused && !draining;
}

/** Those that can send now; where there are none, those that are about to be worked again. */
function readyOf(good: readonly Transport[], facts: Facts): readonly Transport[] {
  const roomy = good.filter((one) => facts.room(one) !== 'none');
  const worked = roomy.filter((one) => facts.carried(one) === 'worked');
  return worked.length > 0 ? worked : roomy.filter((one) => facts.carried(one) === 'soon');
}

type Groups = Readonly<{
  members: readonly Transport[];
  open: readonly Transport[];
  good: readonly Transport[];
}>;

/** Nothing can send now: where mail waits. */
function worthWaiting(
  { members, open, good }: Groups,
  pool: Pool | undefined,
  facts: Facts,
): readonly Transport[] {
  if (good.length > 0) return workedFirst(good, facts);
  if (open.length > 0)
    return pool?.whenAllBad === 'hold' ? [] : workedFirst(open.filter(mayBeUsed(facts)), facts);
  // A pause is a short one: what waits for it waits. Draining means that nothing waits here any more.
  return members.filter(({ draining }) => !draining);
}

/** A listing gets worse with each message, and what an operator put aside by hand stays there. */
function mayBeUsed(facts: Facts): (transport: Transport) => boolean {
  return (one) => !['listing', 'operator'].includes(facts.state(one).cause);
}

function workedFirst(transports: readonly Transport[], facts: Facts): readonly Transport[] {
  const worked = transports.filter((one) => facts.carried(one) === 'worked');
  return worked.length > 0 ? worked : transports;
}

/** A young transport gets what it may send first, for it needs every day of its curve; the others get the rest. */
function choose(candidates: readonly Transport[], ask: Ask, facts: Facts): string {
  const [first] = candidates;
  if (candidates.length <= 1) return first?.name ?? '';
  if (candidates.some(({ name }) => name === ask.keeps)) return ask.keeps ?? '';
  const young = candidates.filter((one) => facts.room(one) === 'some');
  const weighted = (young.length > 0 ? young : candidates).map((one) => {
    const share = facts.state(one).state === 'degraded' ? DEGRADED_SHARE : 1;
    return { name: one.name, weight: one.weight * share };
  });
  return chooseTransport(weighted, ask.user, ask.domain)?.name ?? '';
}
