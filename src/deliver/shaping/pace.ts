// A pace: at most so many per time, evenly spaced (the generic cell rate algorithm). Pure.
import { spacing, type Rate } from '../../lib/rate.ts';

/** Quicker rates than timers can space may come in bursts of so many milliseconds' worth. */
const BURST_MS = 50;

/** Keeps a rate. Times are monotonic milliseconds. A class: it has changing state. */
export class Pace {
  #rate: Rate | undefined;
  /** When the next one is due by the even spacing. */
  #next = 0;

  /** Another rate; undefined: none. What was taken so far counts on. */
  set rate(rate: Rate | undefined) {
    const old = this.#rate;
    if (old?.count === rate?.count && old?.perMs === rate?.perMs) return;
    // The next one's time was spaced by the old rate: by the new one it comes sooner or later.
    if (old && rate) this.#next += spacing(rate) - spacing(old);
    this.#rate = rate;
  }

  get rate(): Rate | undefined {
    return this.#rate;
  }

  /** How long until one more may go; 0: now. */
  waitMs(now: number): number {
    if (!this.#rate) return 0;
    return Math.max(0, this.#next - this.#burst(this.#rate) - now);
  }

  /** Takes one, whether it may go or not: whoever could not wait is made up for by those that follow. */
  take(now: number): void {
    if (this.#rate) this.#next = Math.max(this.#next, now) + spacing(this.#rate);
    else this.#next = now;
  }

  /** Beyond the first, how far ahead of its even place one may go. */
  #burst(rate: Rate): number {
    return spacing(rate) >= BURST_MS ? 0 : BURST_MS - spacing(rate);
  }
}
