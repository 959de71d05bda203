// Where domains are served, remembered for a few seconds: the lane, how many may be on their way in it, by which provider.
import type { Clock } from '../lib/clock.ts';
import type { Turn } from './lane.ts';

/** Where a delivery's domain is served: the lane, how many may be on their way in it at a time, and by which provider. */
export type Place = Readonly<{ lane: string; limit: number; provider?: string; turn?: Turn }>;

const PLACE_MS = 10_000;
/** Who is asked for after so long is asked for anew meanwhile: a domain with steady mail stays known. */
const FRESH_MS = 5000;
const MAX_PLACES = 10_000;
/** Lookups ahead of need at a time: mail to very many domains may not be answered by as many questions. */
const MAX_AHEAD = 50;

type Known = Readonly<{ place: Place; at: number }>;

/** A class: it has changing state. */
export class Located {
  readonly #clock: Clock;
  readonly #ask: (domain: string) => Promise<Place>;
  readonly #places = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Place>>();

  constructor(clock: Clock, ask: (domain: string) => Promise<Place>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Without detours: who waited for the answer goes on before those that come when it is known. */
  of(domain: string): Promise<Place> {
    const known = this.known(domain);
    return known ? Promise.resolve(known) : this.#find(domain);
  }

  /** Undefined when it is not known yet; it then is soon. */
  known(domain: string): Place | undefined {
    const known = this.#places.get(domain);
    const age = known ? this.#clock.ticks() - known.at : Infinity;
    // Where it cannot be found out, whoever waits for it hears of that.
    if (age > FRESH_MS && this.#asking.size < MAX_AHEAD) this.#find(domain).catch(() => undefined);
    return age <= PLACE_MS ? known?.place : undefined;
  }

  #find(domain: string): Promise<Place> {
    const asking = this.#asking.get(domain) ?? this.#lookUp(domain);
    this.#asking.set(domain, asking);
    return asking;
  }

  async #lookUp(domain: string): Promise<Place> {
    const at = this.#clock.ticks();
    try {
      const place = await this.#ask(domain);
      if (this.#places.size >= MAX_PLACES) this.#places.clear();
      this.#places.set(domain, { place, at });
      return place;
    } finally {
      this.#asking.delete(domain);
    }
  }
}
