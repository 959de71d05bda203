// One attempt's share of its transport's day: counted right before MAIL, given back where MAIL was not reached.
import type { Clock, EpochMs } from '../../lib/clock.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Transport } from '../../model/settings.ts';
import type { Permit, WarmupRoom } from './room.ts';

/** Whose mail it is: the transport it leaves by, and the provider it goes to. */
export type Leaving = Readonly<{ transport: Transport; provider: string | undefined }>;

const TRIES = 3;

/** The transport's day has no room left for this provider. */
export function heldForWarmup(until: EpochMs, provider: string | undefined): Outcome {
  return { kind: 'held', rule: 'warmup', until, ...(provider !== undefined && { provider }) };
}

/** The share. A class: it has state, for a message may need a second connection. */
export class Allowance {
  readonly #room: WarmupRoom;
  readonly #leaving: Leaving;
  readonly #clock: Clock;
  #permit: Exclude<Permit, { kind: 'full' }> | undefined;

  constructor(room: WarmupRoom, leaving: Leaving, clock: Clock) {
    this.#room = room;
    this.#leaving = leaving;
    this.#clock = clock;
  }

  /** Undefined: it may go now. Else it is held until there is room. */
  async claim(): Promise<Outcome | undefined> {
    if (this.#permit && this.#isOfToday(this.#permit)) return undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const permit = await this.#room.take(this.#leaving.transport, this.#leaving.provider);
      if (permit.kind === 'full') return heldForWarmup(permit.until, this.#leaving.provider);
      if (this.#isOfToday(permit)) {
        this.#permit = permit;
        return undefined;
      }
      // The day ended while Redis answered: this message is one of the next.
      if (permit.kind === 'taken') await permit.giveBack();
    }
    return heldForWarmup(this.#clock.now(), this.#leaving.provider);
  }

  /** It did not come to MAIL after all. */
  async giveBack(): Promise<void> {
    const permit = this.#permit;
    this.#permit = undefined;
    if (permit?.kind === 'taken') await permit.giveBack();
  }

  #isOfToday(permit: Exclude<Permit, { kind: 'full' }>): boolean {
    return permit.kind === 'free' || this.#clock.now() < permit.until;
  }
}
