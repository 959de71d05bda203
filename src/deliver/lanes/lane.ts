// A lane's connections: those between one transport and one site, kept open and used again, the latest used first.
import type { Clock } from '../../lib/clock.ts';
import type { Peer } from '../peer.ts';
import type { Target } from '../route.ts';
import type { Kept, Throttle } from '../shaping/throttle.ts';
import type { Counted } from '../shaping/share.ts';
import { Hosts } from './hosts.ts';

const FORGET_MS = 120_000;

/** The kept connections of one lane, and what it learnt about its hosts. A class: it has identity and changing state. */
export class Lane {
  readonly hosts: Hosts;
  readonly throttle: Throttle;
  readonly #clock: Clock;
  readonly #open = new Set<Peer>();
  readonly #idle: Peer[] = [];
  #touchedAt: number;

  constructor(clock: Clock, makeThrottle: (kept: Kept) => Throttle) {
    this.#clock = clock;
    this.#touchedAt = clock.ticks();
    this.hosts = new Hosts(clock);
    this.throttle = makeThrottle({ idle: () => this.#idle.length, evict: () => this.#evict() });
  }

  get open(): number {
    return this.#open.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Somebody asked for it: it is not forgotten for a while. */
  touch(): this {
    this.#touchedAt = this.#clock.ticks();
    return this;
  }

  /** The most recently used idle connection that `serves` and has one of these identities; undefined when there is none. */
  take(identities: readonly string[], serves: (peer: Peer) => boolean): Peer | undefined {
    const fits = (peer: Peer): boolean =>
      peer.quiet && identities.includes(peer.facts.identity) && serves(peer);
    const at = this.#idle.findLastIndex(fits);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
  }

  /** Ends the longest unused idle connection where all that the lane may have are open: a new one is needed. */
  makeRoom(limit: number): void {
    if (this.#open.size >= Math.min(limit, this.throttle.connections)) this.#evict();
  }

  /** Counts a new connection until it is of no use any more. */
  adopt(peer: Peer, counted: Counted): void {
    this.#open.add(peer);
    peer.onClosed = () => {
      this.#open.delete(peer);
      const at = this.#idle.indexOf(peer);
      if (at >= 0) this.#idle.splice(at, 1);
      counted.useless();
    };
    peer.onGone = counted.closed;
  }

  /** Keeps a connection for the next message when it is fit for it and the lane has room; else says goodbye. */
  giveBack(peer: Peer, limit: number): void {
    peer.release();
    const { connections, messagesPerConnection } = this.throttle;
    const hasRoom = this.#open.size <= Math.min(limit, connections);
    if (peer.quiet && peer.sent < messagesPerConnection && hasRoom) this.#idle.push(peer);
    else peer.quit();
  }

  /** Addresses in the order to try. */
  order(targets: readonly Target[]): readonly Target[] {
    return this.hosts.order(targets);
  }

  /** Ends waits that took too long, and connections that nobody used for a while; `now` in monotonic milliseconds. */
  watch(now: number): void {
    for (const peer of this.#open) peer.watch(now);
    const { idle } = this.throttle;
    while (this.#idle[0] && now - this.#idle[0].lastUsedAt > idle) this.#idle.shift()?.quit();
  }

  /** True when it holds nothing that is worth keeping. */
  get forgettable(): boolean {
    const isLate = this.#clock.ticks() - this.#touchedAt > FORGET_MS;
    return isLate && this.#open.size === 0 && this.throttle.isNeutral && this.hosts.isBlank;
  }

  /** Says goodbye on idle connections; with `all`, cuts the others too. */
  close(which: 'idle' | 'all'): void {
    while (this.#idle.length > 0) this.#idle.pop()?.quit();
    if (which === 'all') for (const peer of this.#open) peer.break('aborted', 'The relay is stopping.');
  }

  #evict(): boolean {
    const [oldest] = this.#idle;
    oldest?.quit();
    return oldest !== undefined;
  }
}
