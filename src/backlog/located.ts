// Where domains are served, remembered for a few seconds: the lane, how many may be on their way in it, by which provider.
import type { Clock } from '../lib/clock.ts';
import type { Turn } from './lane.ts';

/** Where a delivery's domain is served: the lane, how many may be on their way in it at a time, and by which provider. */
export type Place = Readonly<{ lane: string; limit: number; provider?: string; turn?: Turn }>;

const PLACE_MS = 10_000;
const MAX_PLACES = 10_000;

/** A class: it has changing state. */
export class Located {
  readonly #clock: Clock;
  readonly #ask: (domain: string) => Promise<Place>;
  readonly #places = new Map<string, Readonly<{ place: Place; until: number }>>();

  constructor(clock: Clock, ask: (domain: string) => Promise<Place>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  async of(domain: string): Promise<Place> {
    const known = this.known(domain);
    if (known) return known;
    const now = this.#clock.ticks();
    const place = await this.#ask(domain);
    if (this.#places.size >= MAX_PLACES) this.#places.clear();
    this.#places.set(domain, { place, until: now + PLACE_MS });
    return place;
  }

  /** Undefined when it has to be asked for. */
  known(domain: string): Place | undefined {
    const known = this.#places.get(domain);
    return known && known.until >= this.#clock.ticks() ? known.place : undefined;
  }
}
