// One process' share of what a provider allows us in all, given out among the lanes to it: connections and turns of rates.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { TogetherRule } from '../providers-file.ts';
import { SHARE_LIFE_MS, type Leases } from './leases.ts';
import { evictOne, slotsOf, stealSlot, unusedBeside, type Seat } from './seat.ts';
import { Turns } from './turns.ts';

/** Who counts a socket: told when it serves no more, and when it is closed. */
export type Counted = Readonly<{ useless(): void; closed(): void }>;

export type ShareDeps = Readonly<{
  provider: string;
  rule: TogetherRule;
  leases: Leases;
  clock: Clock;
  log: Log;
}>;

const MARGIN_MS = 4000; // we stop trusting a lease a little before Redis would hand it to others
const RENEW_MS = 2000;
/** For so long the other side may still count what is closed here. */
const SETTLE_MS = 100;

/**
 * The share. A lane keeps a slot from message to message, as long as it has some and its connection lives; then the next
 * lane that waits gets it. A class: it has identity, timers and changing state.
 */
export class Share {
  readonly #deps: ShareDeps;
  readonly #messages: Turns | undefined;
  readonly #connects: Turns | undefined;
  readonly #seats = new Set<Seat>();
  /** Lanes in the order in which they began to wait. */
  readonly #waiting = new Set<Seat>();
  #forRoom: (() => void)[] = [];
  #held = 0;
  #share = 0;
  #validUntil = -Infinity;
  /** Sockets that are opening, open or closing. */
  #open = 0;
  /** While a lease is asked for: how many we said are in use, since we may come out of it with no more. */
  #asking: number | undefined;
  #waking = false;
  #stop: (() => void) | undefined;

  constructor(deps: ShareDeps) {
    this.#deps = deps;
    const { provider, rule, leases, clock, log } = deps;
    const turns = (what: 'messages' | 'connects'): Turns | undefined => {
      const rate = rule[what];
      const wake = (): void => this.#wakeAll();
      return (
        rate && new Turns({ take: leases.turns, clock, log }, { name: `${provider}:${what}`, rate, wake })
      );
    };
    this.#messages = turns('messages');
    this.#connects = turns('connects');
  }

  /** How long one more attempt has to wait; 0: it may begin. Infinity: the seat is woken when it is worth asking again. */
  waitMs(seat: Seat, connects: boolean): number {
    if (!this.#mayHaveSlot(seat)) {
      this.#waiting.add(seat);
      void this.#lease();
      return Infinity;
    }
    const turns = [this.#messages, connects ? this.#connects : undefined];
    const wait = Math.max(0, ...turns.map((turn) => turn?.waitMs() ?? 0));
    // Whoever waits for turns that were asked for is woken with all others.
    if (wait === Infinity) this.#waiting.add(seat);
    return wait;
  }

  /** An attempt begins; `waitMs` was 0. */
  begin(seat: Seat, connects: boolean): void {
    this.#waiting.delete(seat);
    this.#seats.add(seat);
    if (seat.active >= seat.slots) {
      if (slotsOf(this.#seats) >= this.#ours()) stealSlot(this.#seats, seat);
      seat.slots++;
    }
    seat.active++;
    this.#messages?.take();
    if (connects) this.#connects?.take();
    this.#keepRenewing();
  }

  /** An attempt has ended. What its lane begins in the same breath keeps the slot. */
  end(seat: Seat): void {
    seat.active--;
    if (this.#waiting.size > 0 || slotsOf(this.#seats) > this.#ours()) {
      seat.slots -= Math.min(seat.spent, 1);
      if (slotsOf(this.#seats) > this.#ours()) seat.slots = Math.max(seat.active, seat.slots - 1);
    }
    seat.spent = Math.min(Math.max(0, seat.spent - 1), seat.active);
    this.#wakeSoon();
  }

  /** A lane has nothing to send. */
  leave(seat: Seat): void {
    this.#waiting.delete(seat);
  }

  /**
   * Resolves when a socket may be opened for a lane; tell when it serves no more, and when it is closed. Undefined when
   * there was no room within `ms`.
   */
  async opening(seat: Seat, ms: number): Promise<Counted | undefined> {
    const { clock } = this.#deps;
    const until = clock.ticks() + ms;
    while (this.#open >= this.#mayOpen()) {
      if (clock.ticks() >= until) return undefined;
      if (this.#asking === undefined) evictOne(this.#seats);
      const change = this.#change(until - clock.ticks());
      void this.#lease();
      await change;
    }
    this.#open++;
    seat.sockets++;
    this.#seats.add(seat); // known while it has one, even idle: another lane may need its place
    return this.#count(seat);
  }

  get state(): Readonly<{ held: number; open: number; active: number; waiting: number }> {
    const active = [...this.#seats].reduce((sum, seat) => sum + seat.active, 0);
    return { held: this.#held, open: this.#open, active, waiting: this.#waiting.size };
  }

  /** Gives back what it holds: nobody sends here any more. */
  async close(): Promise<void> {
    this.#rest();
    const { rule, leases, provider } = this.#deps;
    if (rule.connections === undefined || this.#held === 0) return;
    await leases.share(provider, { used: 0, want: 0, all: rule.connections }).catch(() => undefined);
  }

  #count(seat: Seat): Counted {
    let serves = true;
    let open = true;
    const useless = (): void => {
      if (serves && seat.active < seat.slots) seat.slots--;
      else if (serves) seat.spent++;
      if (serves) this.#wakeSoon();
      serves = false;
    };
    const gone = (): void => {
      this.#open--;
      seat.sockets--;
      this.#changed();
      if (this.#share < this.#held) void this.#lease();
    };
    const closed = (): void => {
      useless();
      if (open) this.#deps.clock.after(SETTLE_MS, gone);
      open = false;
    };
    return { useless, closed };
  }

  /** As many as may be open: none when the lease has passed to others. */
  #mayOpen(): number {
    if (this.#deps.rule.connections === undefined) return Infinity;
    if (this.#deps.clock.ticks() >= this.#validUntil + MARGIN_MS) return 0;
    return Math.min(this.#share, this.#asking ?? Infinity);
  }

  /** As many as we may give out; none once the lease may have passed to others. */
  #ours(): number {
    if (this.#deps.rule.connections === undefined) return Infinity;
    return this.#deps.clock.ticks() < this.#validUntil ? this.#share : 0;
  }

  /** First come, first served: one that came later does not take what others wait for. */
  #mayHaveSlot(seat: Seat): boolean {
    if (this.#deps.rule.connections === undefined) return true;
    const ours = this.#ours();
    const given = slotsOf(this.#seats);
    if (seat.active < seat.slots) return given <= ours;
    const free = ours - given + unusedBeside(this.#seats, seat);
    const place = [...this.#waiting].indexOf(seat);
    return (place < 0 ? this.#waiting.size : place) < free;
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = this.#deps.clock.after(Math.max(1, ms), resolve);
      this.#forRoom.push(() => {
        end();
        resolve();
      });
    });
  }

  /** Those that wait to open a socket look again. */
  #changed(): void {
    for (const task of this.#forRoom.splice(0)) task();
  }

  async #lease(): Promise<void> {
    const { rule, leases, provider, log, clock } = this.#deps;
    if (rule.connections === undefined || this.#asking !== undefined) return;
    const asked = clock.ticks();
    const { active } = this.state;
    const used = Math.min(Math.max(active, this.#open), this.#held);
    this.#asking = used;
    const want = Math.min(rule.connections, active + this.#waiting.size + this.#forRoom.length);
    try {
      const { held, share } = await leases.share(provider, { used, want, all: rule.connections });
      this.#held = held;
      this.#share = share;
      this.#validUntil = asked + SHARE_LIFE_MS - MARGIN_MS;
      this.#keepRenewing();
      for (let over = this.#open - share; over > 0 && evictOne(this.#seats); over--);
    } catch (error) {
      // It may have run all the same, and left us what we said.
      this.#held = used;
      this.#share = Math.min(this.#share, used);
      log.debug({ provider, error: String(error) }, 'could not lease a share of connections');
    }
    this.#asking = undefined;
    this.#changed();
    this.#wakeSoon();
  }

  #keepRenewing(): void {
    if (this.#deps.rule.connections === undefined) return;
    this.#stop ??= this.#deps.clock.every(RENEW_MS, () => this.#renew());
  }

  #renew(): void {
    void this.#lease();
    for (const seat of this.#seats)
      if (seat.slots + seat.active + seat.sockets === 0) this.#seats.delete(seat);
    if (this.#held > 0 || this.#waiting.size > 0 || this.#seats.size > 0 || this.#open > 0) return;
    this.#rest();
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** After what runs now, so that a lane can go on with the slot that it just had. */
  #wakeSoon(): void {
    if (this.#waking || this.#waiting.size === 0) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      for (const seat of Array.from(this.#waiting)) {
        if (!this.#mayHaveSlot(seat)) break;
        seat.wake();
      }
    });
  }

  #wakeAll(): void {
    for (const seat of Array.from(this.#waiting)) seat.wake();
  }
}
