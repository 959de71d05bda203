// How long we bear with a client: what it is doing since when, and how often it erred or idled.
import type { Clock } from '../lib/clock.ts';
import type { Deadlines } from './config.ts';
import { overdue, type Watch } from './deadlines.ts';
import { replies, type Reply } from './replies.ts';

const MAX_ERRORS = 20;
const MAX_IDLE_COMMANDS = 100;
/** Replies that say the client's program is wrong, not its message. */
const CLUMSY: ReadonlySet<number> = new Set([500, 501, 502, 503, 504, 530, 538, 555]);

export class Patience {
  readonly #clock: Clock;
  #phase: Watch['phase'] = 'logIn';
  #since: number;
  #lastInput: number;
  #errors = 0;
  #idleCommands = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = this.#lastInput = clock.ticks();
  }

  get phase(): Watch['phase'] {
    return this.#phase;
  }

  enter(phase: Watch['phase']): void {
    this.#phase = phase;
    this.#since = this.#lastInput = this.#clock.ticks();
  }

  /** Our own work begins; the returned function takes up the phase where it was, for a failed log-in wins no time. */
  pause(): () => void {
    const phase = this.#phase;
    const since = this.#since;
    this.enter('busy');
    return () => {
      this.#phase = phase;
      this.#since = since;
    };
  }

  /** Bytes came in. */
  heard(): void {
    this.#lastInput = this.#clock.ticks();
  }

  /** A message came in whole: all is forgiven. */
  mailed(): void {
    this.#errors = 0;
    this.#idleCommands = 0;
    this.enter('mail');
  }

  /** What to say before hanging up when a deadline has passed. `bytes`: of the message that comes in. */
  overdue(deadlines: Deadlines, bytes: number, now: number): Reply | undefined {
    const watch = { phase: this.#phase, since: this.#since, lastInput: this.#lastInput, bytes };
    return overdue(watch, deadlines, now);
  }

  /** Counts a reply that says the client erred; what to say before hanging up when it is one too many. */
  answered(reply: Reply): Reply | undefined {
    if (!CLUMSY.has(reply.code)) return undefined;
    this.#errors++;
    return this.#errors >= MAX_ERRORS ? replies.tooManyErrors : undefined;
  }

  /** Counts a command that brings no mail nearer; what to say before hanging up when it is one too many. */
  idled(): Reply | undefined {
    this.#idleCommands++;
    return this.#idleCommands > MAX_IDLE_COMMANDS ? replies.tooManyCommands : undefined;
  }
}
