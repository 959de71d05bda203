// The throttle of one lane's traffic: what its rule, its limits, what it learnt and its provider's share let through, and when.
import type { Clock } from '../../lib/clock.ts';
import { slower, spacing, type Rate } from '../../lib/rate.ts';
import type { Outcome } from '../../model/outcome.ts';
import { Adaptation, signOf, type Step } from './adapt.ts';
import { unrestricted, type Restriction } from './limit.ts';
import { Pace } from './pace.ts';
import type { Seat } from './seat.ts';
import type { Counted, Share } from './share.ts';

/** What a lane's rule says. */
export type ThrottleRule = Readonly<{
  connections: number;
  messages: Rate | undefined;
  connects: Rate | undefined;
  messagesPerConnection: number;
  idle: number;
}>;

export type ThrottleDeps = Readonly<{
  clock: Clock;
  /** What limits say of the lane just now. */
  restriction(): Restriction;
  share: Share | undefined;
}>;

/** closed: nothing is tried for a while · rate, connections: fewer than the rules allow. */
export type Learnt = 'closed' | 'rate' | 'connections';

/** The lane's kept connections, as far as its throttle looks at them. */
export type Kept = Readonly<{ idle(): number; evict(): boolean }>;

/** A lane that has to wait longer keeps nobody in its room. */
const LONG_MS = 20_000;
const ASKED_MS = 120_000;
/** So much of what may go soon waits in a lane's room. */
const SOON_MS = 5000;
/** How long an attempt waits for a connection of its provider to close. */
const ROOM_MS = 10_000;

/** The throttle. A class: it has identity and changing state. */
export class Throttle {
  readonly #deps: ThrottleDeps;
  readonly #kept: Kept;
  readonly #messages = new Pace();
  readonly #connects = new Pace();
  readonly #adaptation = new Adaptation();
  readonly #seat: Seat = {
    slots: 0,
    active: 0,
    spent: 0,
    sockets: 0,
    wake: () => this.wake(),
    evict: () => this.#kept.evict(),
  };
  #rule: ThrottleRule;
  #active = 0;
  /** When somebody asked for a turn; who waits asks again within half a minute. */
  #askedAt = -Infinity;
  /** Attempts that began and are to use a kept connection; those that have leave to open one. */
  #toKept = 0;
  #toOpen = 0;
  #onChange: () => void = () => {};

  constructor(deps: ThrottleDeps, rule: ThrottleRule, kept: Kept) {
    this.#deps = deps;
    this.#rule = rule;
    this.#kept = kept;
    this.#connects.rate = rule.connects;
  }

  set rule(rule: ThrottleRule) {
    this.#rule = rule;
    this.#connects.rate = rule.connects;
  }

  /** Calls `task`, and no other, when it is worth asking again. */
  onChange(task: () => void): void {
    this.#onChange = task;
  }

  wake(): void {
    this.#onChange();
  }

  /** How long the next attempt has to wait; 0: it may begin. Infinity: until `onChange` or the end of another attempt. */
  waitMs(): number {
    const { share } = this.#deps;
    const now = this.#deps.clock.ticks();
    this.#askedAt = now;
    const connects = this.#needsConnection();
    const wait = this.#ownWait(now, connects);
    if (wait > 0) share?.leave(this.#seat);
    return wait > 0 || !share ? wait : share.waitMs(this.#seat, connects);
  }

  /** An attempt begins; `waitMs` was 0. */
  begin(): void {
    const connects = this.#needsConnection();
    this.#active++;
    if (connects) this.#toOpen++;
    else this.#toKept++;
    const now = this.#deps.clock.ticks();
    this.#messages.take(now);
    if (connects) this.#connects.take(now);
    this.#deps.share?.begin(this.#seat, connects);
  }

  /** An attempt has ended. */
  end(): void {
    this.#active--;
    this.#toKept = Math.min(this.#toKept, this.#active);
    this.#toOpen = Math.min(this.#toOpen, this.#active);
    this.#deps.share?.end(this.#seat);
  }

  /** Nobody waits in the lane any more. */
  rest(): void {
    this.#deps.share?.leave(this.#seat);
  }

  /** How many may be taken to wait in the lane's room: what may go soon, and nobody where that takes long. */
  atOnce(): number {
    const now = this.#deps.clock.ticks();
    if (this.#closedFor(this.#deps.restriction(), now) > LONG_MS) return 0;
    const rate = this.#rate();
    if (!rate) return Infinity;
    if (this.#messages.waitMs(now) > LONG_MS) return 0;
    return Math.max(1, Math.floor(SOON_MS / spacing(rate)));
  }

  /** Connections at most, just now. */
  get connections(): number {
    const { connections } = this.#deps.restriction();
    const own = this.#adaptation.probing ? 1 : (this.#adaptation.connections ?? this.#rule.connections);
    return Math.min(own, this.#rule.connections, connections);
  }

  get messagesPerConnection(): number {
    return Math.min(this.#rule.messagesPerConnection, this.#deps.restriction().messagesPerConnection);
  }

  get idle(): number {
    return this.#rule.idle;
  }

  /** An attempt goes on over a kept connection. */
  tookKept(): void {
    this.#toKept = Math.max(0, this.#toKept - 1);
  }

  /**
   * Resolves when a socket may be opened; tell when it serves no more, and when it is closed. Undefined when the
   * provider's other connections leave no room for it.
   */
  async opening(): Promise<Counted | undefined> {
    // Another host of the same attempt, or a new connection for a kept one that was dead: made up for by those that follow.
    if (this.#toOpen > 0) this.#toOpen--;
    else this.#connects.take(this.#deps.clock.ticks());
    const { share } = this.#deps;
    return share ? share.opening(this.#seat, ROOM_MS) : NOBODY_COUNTS;
  }

  /** Learns from an outcome; tells of a step that it made. */
  note(outcome: Outcome): Step | undefined {
    const sign = signOf(outcome);
    if (sign === 'none' || (sign === 'well' && this.#adaptation.isNeutral)) return undefined;
    return this.#adaptation.note(sign, this.#rule.connections, this.#deps.clock.ticks());
  }

  /** What it holds back by what it learnt, in a few words. */
  say(): string {
    const closed = this.#adaptation.closedFor(this.#deps.clock.ticks());
    if (closed > 0) return `closed for ${Math.round(closed / 1000)} s`;
    const { rate, connections } = this.#adaptation;
    return rate ? `${rate.count}/min` : `${connections ?? this.#rule.connections} connections`;
  }

  /** What the lane has learnt and holds back by; undefined: nothing. */
  get learnt(): Learnt | undefined {
    if (this.#adaptation.closedFor(this.#deps.clock.ticks()) > 0) return 'closed';
    if (this.#adaptation.rate) return 'rate';
    return this.#adaptation.connections === undefined ? undefined : 'connections';
  }

  /** True when it may be forgotten. */
  get isNeutral(): boolean {
    const { messages, connects } = this.#rule;
    const now = this.#deps.clock.ticks();
    const isPaced =
      (messages && this.#messages.waitMs(now) > 0) || (connects && this.#connects.waitMs(now) > 0);
    const isAsked = now - this.#askedAt < ASKED_MS;
    return this.#active === 0 && !isAsked && this.#adaptation.isNeutral && isPaced !== true;
  }

  #ownWait(now: number, connects: boolean): number {
    const restriction = this.#deps.restriction();
    const closed = this.#closedFor(restriction, now);
    if (closed > 0) return closed;
    if (this.#active >= this.connections) return Infinity;
    this.#rate();
    const message = this.#messages.waitMs(now);
    return connects ? Math.max(message, this.#connects.waitMs(now)) : message;
  }

  #closedFor({ suspendedUntil }: Restriction, now: number): number {
    const suspended = suspendedUntil === 0 ? 0 : Math.max(0, suspendedUntil - this.#deps.clock.now());
    return Math.max(suspended, this.#adaptation.closedFor(now));
  }

  /** The rate that holds now: the slowest of all. */
  #rate(): Rate | undefined {
    const restriction = this.#deps.restriction();
    const { rate } = this.#adaptation;
    if (restriction === unrestricted && !rate) this.#messages.rate = this.#rule.messages;
    else this.#messages.rate = slower(slower(this.#rule.messages, restriction.messages), rate);
    return this.#messages.rate;
  }

  #needsConnection(): boolean {
    return this.#kept.idle() <= this.#toKept;
  }
}

const NOBODY_COUNTS: Counted = { useless: () => {}, closed: () => {} };
