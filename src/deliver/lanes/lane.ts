// A lane's connections: those between one transport and one site, kept open and used again, the latest used first.
import type { Clock } from '../../lib/clock.ts';
import type { Peer } from '../peer.ts';
import type { Target } from '../route.ts';

export type LaneLimits = Readonly<{ messagesPerConnection: number; idle: number }>;

const AVOID_MS = 60_000;
const PLAIN_MS = 3_600_000;
const MAX_REMEMBERED = 1000;

/** The kept connections of one lane, and what it learnt about its hosts. A class: it has identity and changing state. */
export class Lane {
  readonly #clock: Clock;
  readonly #limits: LaneLimits;
  readonly #open = new Set<Peer>();
  readonly #idle: Peer[] = [];
  /** Addresses that lately could not be reached, and those whose TLS is broken: until when (monotonic). */
  readonly #avoided = new Map<string, number>();
  readonly #withoutTls = new Map<string, number>();
  #turn = 0;

  constructor(clock: Clock, limits: LaneLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get open(): number {
    return this.#open.size;
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** The most recently used idle connection of one of these identities; undefined when there is none. */
  take(identities: readonly string[]): Peer | undefined {
    const fits = (peer: Peer): boolean => peer.quiet && identities.includes(peer.facts.identity);
    const at = this.#idle.findLastIndex(fits);
    return at < 0 ? undefined : this.#idle.splice(at, 1)[0];
  }

  /** Ends the longest unused idle connection where all that the lane may have are open: a new one is needed. */
  makeRoom(limit: number): void {
    if (this.#open.size >= limit) this.#idle[0]?.quit();
  }

  /** Counts a new connection until it is of no use any more. */
  adopt(peer: Peer): void {
    this.#open.add(peer);
    peer.onClosed = () => {
      this.#open.delete(peer);
      const at = this.#idle.indexOf(peer);
      if (at >= 0) this.#idle.splice(at, 1);
    };
  }

  /** Keeps a connection for the next message when it is fit for it and the lane has room; else says goodbye. */
  giveBack(peer: Peer, limit: number): void {
    peer.release();
    const fit = peer.quiet && peer.sent < this.#limits.messagesPerConnection && this.#open.size <= limit;
    if (fit) this.#idle.push(peer);
    else peer.quit();
  }

  /** Addresses in the order to try: equal preferences take turns, those lately out of reach come last. */
  order(targets: readonly Target[]): readonly Target[] {
    const first = targets.filter((target) => target.preference === targets[0]?.preference);
    const start = first.length > 1 ? this.#turn++ % first.length : 0;
    const turned = [...first.slice(start), ...first.slice(0, start), ...targets.slice(first.length)];
    const isAvoided = (target: Target): boolean => this.#known(this.#avoided, target.address);
    return [...turned.filter((target) => !isAvoided(target)), ...turned.filter(isAvoided)];
  }

  /** Remembers for a minute that an address could not be reached. */
  avoid(address: string): void {
    this.#remember(this.#avoided, address, AVOID_MS);
  }

  /** Remembers for an hour that an address offers TLS and fails at it. */
  rememberBrokenTls(address: string): void {
    this.#remember(this.#withoutTls, address, PLAIN_MS);
  }

  hasBrokenTls(address: string): boolean {
    return this.#known(this.#withoutTls, address);
  }

  /** Ends waits that took too long, and connections that nobody used for a while; `now` in monotonic milliseconds. */
  watch(now: number): void {
    for (const peer of this.#open) peer.watch(now);
    while (this.#idle[0] && now - this.#idle[0].lastUsedAt > this.#limits.idle) this.#idle.shift()?.quit();
  }

  /** True when it holds nothing that is worth keeping. */
  get forgettable(): boolean {
    return this.#open.size === 0 && this.#avoided.size === 0 && this.#withoutTls.size === 0;
  }

  /** Says goodbye on idle connections; with `all`, cuts the others too. */
  close(which: 'idle' | 'all'): void {
    while (this.#idle.length > 0) this.#idle.pop()?.quit();
    if (which === 'all') for (const peer of this.#open) peer.break('aborted', 'The relay is stopping.');
  }

  #remember(map: Map<string, number>, address: string, ms: number): void {
    if (map.size >= MAX_REMEMBERED) map.clear();
    map.set(address, this.#clock.ticks() + ms);
  }

  #known(map: Map<string, number>, address: string): boolean {
    const until = map.get(address);
    if (until === undefined) return false;
    if (this.#clock.ticks() < until) return true;
    map.delete(address);
    return false;
  }
}
