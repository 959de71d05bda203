// How a lane adapts to what its site bears: fewer connections when it complains, more again while it is content. Pure.
import type { Rate } from '../../lib/rate.ts';
import type { CauseClass, Outcome } from '../../model/outcome.ts';

/** What an outcome says of the site: content, complaining, out of reach, or nothing. */
export type Sign = 'well' | 'complaint' | 'unreachable' | 'none';

/** How long after a step down the next one may follow, and how long all must be well for a step up; milliseconds. */
export const DOWN_MS = 60_000;
export const UP_MS = 5 * 60_000;
/** Below one connection it is the rate that is halved. */
const FIRST_RATE = 30;
const LEAST_RATE = 1;
/** What the rate grows by, per minute, until it is no limit any more. */
const RATE_STEP = 10;
const FREE_RATE = 60;
/** So many attempts in a row that reached no host close the lane for a while, which grows with each that fails again. */
export const FAILURES = 5;
const CLOSED_MS = 60_000;
const MAX_CLOSED_MS = 15 * 60_000;

/** Classes of replies that say nothing of how much a host bears. */
const OF_OTHERS: readonly CauseClass[] = ['greylisted', 'authentication', 'tls'];

/** Reads the sign of an outcome. Greylisting and complaints about single recipients or messages say nothing. */
export function signOf(outcome: Outcome): Sign {
  if (outcome.kind === 'delivered') return 'well';
  if (outcome.kind === 'held') return 'none';
  const { phase, class: kind, reply } = outcome.cause;
  if (reply) {
    if (OF_OTHERS.includes(kind)) return 'none';
    if (reply.code === 421 || reply.status?.startsWith('4.7.')) return 'complaint';
    return phase === 'greeting' ? 'unreachable' : 'none';
  }
  const isRemote = kind === 'connection' && (phase === 'connect' || phase === 'greeting' || phase === 'ehlo');
  return isRemote ? 'unreachable' : 'none';
}

/** What changed with a step, for the log. */
export type Step = 'down' | 'up' | 'closed' | 'opened';

/** One lane's share of patience. Times are monotonic milliseconds. A class: it has changing state. */
export class Adaptation {
  #connections: number | undefined;
  /** Messages per minute. */
  #perMinute: number | undefined;
  #changedAt = -Infinity;
  #complainedAt = -Infinity;
  #failures = 0;
  #closedForMs = 0;
  #openAt = -Infinity;

  /** Connections at most; undefined: as many as the rule allows. */
  get connections(): number | undefined {
    return this.#connections;
  }

  get rate(): Rate | undefined {
    return this.#perMinute === undefined ? undefined : { count: this.#perMinute, perMs: 60_000 };
  }

  /** How long nothing should be tried; 0: it may. */
  closedFor(now: number): number {
    return Math.max(0, this.#openAt - now);
  }

  /** True while a single attempt tells whether the site is back. */
  get probing(): boolean {
    return this.#closedForMs > 0;
  }

  /** True when it holds nothing back and has nothing to remember. */
  get isNeutral(): boolean {
    return this.#connections === undefined && this.#failures === 0 && this.#closedForMs === 0;
  }

  /** Takes a sign in; `most` are the connections that the rule allows. Tells of a step that was made. */
  note(sign: Sign, most: number, now: number): Step | undefined {
    switch (sign) {
      case 'none':
        return undefined;
      case 'well':
        return this.#well(most, now);
      case 'complaint':
        this.#failures = 0;
        this.#closedForMs = 0;
        return this.#down(most, now);
      case 'unreachable':
        return this.#failed(most, now);
    }
  }

  #well(most: number, now: number): Step | undefined {
    if (this.isNeutral) return undefined;
    const opened = this.#closedForMs > 0;
    this.#failures = 0;
    this.#closedForMs = 0;
    if (opened) {
      this.#openAt = -Infinity;
      return 'opened';
    }
    return this.#up(most, now);
  }

  #failed(most: number, now: number): Step | undefined {
    this.#failures++;
    const again = this.#closedForMs > 0 && now >= this.#openAt;
    if (again || (this.#closedForMs === 0 && this.#failures >= FAILURES)) {
      this.#closedForMs = Math.min(Math.max(CLOSED_MS, this.#closedForMs * 2), MAX_CLOSED_MS);
      this.#openAt = now + this.#closedForMs;
      return 'closed';
    }
    return this.#down(most, now);
  }

  /** Multiplicative: half of what there was. */
  #down(most: number, now: number): Step | undefined {
    this.#complainedAt = now;
    if (now - this.#changedAt < DOWN_MS) return undefined;
    const connections = this.#connections ?? most;
    if (connections > 1) this.#connections = Math.max(1, Math.floor(connections / 2));
    else {
      this.#connections = 1;
      const halved = this.#perMinute === undefined ? FIRST_RATE : Math.floor(this.#perMinute / 2);
      this.#perMinute = Math.max(LEAST_RATE, halved);
    }
    this.#changedAt = now;
    return 'down';
  }

  /** Additive: one connection, or a little more per minute. */
  #up(most: number, now: number): Step | undefined {
    if (now - Math.max(this.#changedAt, this.#complainedAt) < UP_MS) return undefined;
    this.#changedAt = now;
    if (this.#perMinute !== undefined) {
      this.#perMinute += RATE_STEP;
      if (this.#perMinute >= FREE_RATE) this.#perMinute = undefined;
      return 'up';
    }
    const next = (this.#connections ?? most) + 1;
    this.#connections = next >= most ? undefined : next;
    return 'up';
  }
}
