// What a lane learnt about its site's addresses: which are out of reach, for how long, and whose TLS is broken.
import type { Clock } from '../../lib/clock.ts';
import type { Target } from '../route.ts';

const AVOID_MS = 60_000;
const MAX_AVOID_MS = 30 * 60_000;
const PLAIN_MS = 3_600_000;
const MAX_REMEMBERED = 1000;

type Dead = Readonly<{ until: number; forMs: number }>;

/** The addresses. A class: it has changing state. */
export class Hosts {
  readonly #clock: Clock;
  /** Those that could not be reached; one is remembered for a while beyond the time that it is avoided for. */
  readonly #dead = new Map<string, Dead>();
  /** Those whose TLS is broken: until when (monotonic). */
  readonly #withoutTls = new Map<string, number>();
  #turn = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Addresses to try, in order: equal preferences take turns. One that is out of reach is left out for a growing time,
   * unless all are.
   */
  order(targets: readonly Target[]): readonly Target[] {
    const first = targets.filter((target) => target.preference === targets[0]?.preference);
    const start = first.length > 1 ? this.#turn++ % first.length : 0;
    const turned = [...first.slice(start), ...first.slice(0, start), ...targets.slice(first.length)];
    const alive = turned.filter((target) => !this.#isDead(target.address));
    return alive.length > 0 ? alive : turned;
  }

  /** It could not be reached: for a minute it is not tried, then for two, for four … */
  avoid(address: string): void {
    const now = this.#clock.ticks();
    const known = this.#dead.get(address);
    if (known && now < known.until) return;
    const forMs = Math.min(known ? known.forMs * 2 : AVOID_MS, MAX_AVOID_MS);
    bound(this.#dead);
    this.#dead.set(address, { until: now + forMs, forMs });
  }

  reached(address: string): void {
    this.#dead.delete(address);
  }

  /** Remembers for an hour that an address offers TLS and fails at it. */
  rememberBrokenTls(address: string): void {
    bound(this.#withoutTls);
    this.#withoutTls.set(address, this.#clock.ticks() + PLAIN_MS);
  }

  hasBrokenTls(address: string): boolean {
    const until = this.#withoutTls.get(address);
    return until !== undefined && this.#clock.ticks() < until;
  }

  /** True when nothing is remembered that still matters. */
  get isBlank(): boolean {
    const now = this.#clock.ticks();
    for (const [address, { until, forMs }] of this.#dead)
      if (now > until + 2 * forMs) this.#dead.delete(address);
    for (const [address, until] of this.#withoutTls) if (now > until) this.#withoutTls.delete(address);
    return this.#dead.size === 0 && this.#withoutTls.size === 0;
  }

  #isDead(address: string): boolean {
    const known = this.#dead.get(address);
    return known !== undefined && this.#clock.ticks() < known.until;
  }
}

function bound(map: Map<string, unknown>): void {
  if (map.size >= MAX_REMEMBERED) map.clear();
}
