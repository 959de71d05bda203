// The turns of a rate that all processes share: taken from Redis a few at a time, each used once at its moment or lost.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { spacing, type Rate } from '../../lib/rate.ts';

/** The next `count` turns of a rate; resolves to how many milliseconds from now the first is. Rejects with RedisTrouble. */
export type TakeTurns = (name: string, rate: Rate, count: number) => Promise<number>;

export type TurnsDeps = Readonly<{ take: TakeTurns; clock: Clock; log: Log }>;

/** So much time's worth of turns is taken at once. */
const AHEAD_MS = 500;
/** A turn that nobody used within this time is lost. */
const STALE_MS = 1000;

/** The turns of a rate that this process has. A class: it has changing state. */
export class Turns {
  readonly #deps: TurnsDeps;
  readonly #what: Readonly<{ name: string; rate: Rate; wake(): void }>;
  /** When our next turns are (monotonic), the soonest first. */
  #turns: number[] = [];
  #asking = false;

  constructor(deps: TurnsDeps, what: Readonly<{ name: string; rate: Rate; wake(): void }>) {
    this.#deps = deps;
    this.#what = what;
  }

  /** 0: there is one now; Infinity: `wake` is called when we know. */
  waitMs(): number {
    const now = this.#deps.clock.ticks();
    while (this.#turns[0] !== undefined && this.#turns[0] < now - STALE_MS) this.#turns.shift();
    const [next] = this.#turns;
    if (next !== undefined) return Math.max(0, next - now);
    void this.#ask();
    return Infinity;
  }

  take(): void {
    this.#turns.shift();
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { take, clock, log } = this.#deps;
    const { name, rate, wake } = this.#what;
    const every = spacing(rate);
    const count = Math.max(1, Math.floor(AHEAD_MS / every));
    try {
      const wait = await take(name, rate, count);
      const first = clock.ticks() + wait;
      this.#turns = Array.from({ length: count }, (_, i) => first + i * every);
    } catch (error) {
      log.debug({ name, error: String(error) }, 'could not take turns');
      await clock.sleep(STALE_MS);
    }
    this.#asking = false;
    wake();
  }
}
