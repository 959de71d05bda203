// All lanes of this process: found by transport and site, watched by one timer, counted for the metrics.
import type { Clock } from '../../lib/clock.ts';
import type { Way } from '../route.ts';
import type { Place, Shaping } from '../shaping/shaping.ts';
import type { Learnt } from '../shaping/throttle.ts';
import { Lane } from './lane.ts';

export type LaneCount = Readonly<{ transport: string; site: string; open: number; idle: number }>;

/** Lanes of a transport to a provider ("" where no rule knows it) that hold back by what they learnt. */
export type LearntCount = Readonly<{ transport: string; provider: string; learnt: Learnt; count: number }>;

type Known = Readonly<{ transport: string; site: string; provider: string | undefined; lane: Lane }>;

const FORGET_EVERY_MS = 60_000;

/** The lanes. A class: it has identity, a timer and changing state. */
export class Lanes {
  readonly #clock: Clock;
  readonly #shaping: Shaping;
  readonly #lanes = new Map<string, Known>();
  readonly #stop: () => void;
  #forgottenAt: number;

  /** Looks every `watchEveryMs` for connections whose time is over. */
  constructor(clock: Clock, shaping: Shaping, watchEveryMs: number) {
    this.#clock = clock;
    this.#shaping = shaping;
    this.#forgottenAt = clock.ticks();
    this.#stop = clock.every(watchEveryMs, () => this.#watch());
  }

  /** The lane of a transport for a way that has hosts. */
  of(transport: string, way: Way): Lane {
    const site = way.lane;
    const key = `${transport}\0${site}`;
    const known = this.#lanes.get(key);
    if (known) return known.lane.touch();
    const place = placeOf(transport, way);
    const lane = new Lane(this.#clock, (kept) => this.#shaping.throttleOf(place, kept));
    this.#lanes.set(key, { transport, site, provider: place.provider, lane });
    return lane;
  }

  /** Lanes that have connections now. */
  counts(): readonly LaneCount[] {
    return [...this.#lanes.values()]
      .filter(({ lane }) => lane.open > 0)
      .map(({ transport, site, lane }) => ({ transport, site, open: lane.open, idle: lane.idle }));
  }

  /** How many hold back by what they learnt. */
  learnt(): readonly LearntCount[] {
    const all = [...this.#lanes.values()].flatMap(({ transport, provider = '', lane }) =>
      lane.throttle.learnt === undefined ? [] : [{ transport, provider, learnt: lane.throttle.learnt }],
    );
    const groups = Map.groupBy(all, (one) => [one.transport, one.provider, one.learnt].join('\0'));
    return [...groups.values()].flatMap((group) => (group[0] ? [{ ...group[0], count: group.length }] : []));
  }

  /** Says goodbye on idle connections, gives the others `graceMs`, then cuts them. */
  async close(graceMs: number): Promise<void> {
    const until = this.#clock.ticks() + graceMs;
    this.#each('idle');
    while (this.#openCount() > 0 && this.#clock.ticks() < until) {
      await this.#clock.sleep(Math.min(50, graceMs));
      this.#each('idle');
    }
    this.#each('all');
    this.#stop();
    await this.#shaping.close();
  }

  #watch(): void {
    const now = this.#clock.ticks();
    for (const { lane } of this.#lanes.values()) lane.watch(now);
    if (now - this.#forgottenAt < FORGET_EVERY_MS) return;
    this.#forgottenAt = now;
    for (const [key, { lane }] of this.#lanes) {
      if (!lane.forgettable) continue;
      this.#shaping.forget(lane.throttle);
      this.#lanes.delete(key);
    }
  }

  #each(which: 'idle' | 'all'): void {
    for (const { lane } of this.#lanes.values()) lane.close(which);
  }

  #openCount(): number {
    return [...this.#lanes.values()].reduce((sum, { lane }) => sum + lane.open, 0);
  }
}

/** Where the throttle of a lane stands. */
export function placeOf(transport: string, { lane: site, limit: connections, provider: rule }: Way): Place {
  return { transport, site, provider: rule?.name, rule, connections };
}
