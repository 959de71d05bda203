// The gate of one transport: who of those that are due goes now, who waits in a lane's room, who is parked in its list.
import type { Priority } from '../model/instructions.ts';
import {
  countPace,
  enter,
  hasFreeSeat,
  hasSlot,
  isInUse,
  keepSeat,
  mayPassBy,
  newLane,
  nextOf,
  roomOf,
  sitDown,
  waitOf,
  type Guest,
  type Lane,
  type Turn,
} from './lane.ts';
import type { GateDeps, Reservation } from './gate-deps.ts';
import { Located, type Place } from './located.ts';
import { URGENT, type Job } from './queue.ts';

/** How many may wait in rooms, all lanes together; beyond it they are parked at once. */
const ROOM_FOR_ALL = 1000;
/** The same for those that hold a job of the queue meanwhile: fewer than its workers, or slow lanes would stop it. */
const ROOM_FOR_JOBS = 60;
/** Urgent ones find a seat beyond all that. */
const EXTRA_ROOM = 40;
/** A lane that waits for nobody knows what is looked at now and then; timers have an end, too. */
const MAX_WAIT_MS = 30_000;

/** The gate. A class, since it has identity and changing state: the lanes of one transport while this process holds it. */
export class Gate {
  readonly #deps: GateDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #pulls = new Set<Promise<void>>();
  readonly #located: Located;
  #waiting = 0;
  /** Those of them that hold a job of the queue. */
  #holding = 0;
  #closed = false;

  constructor(deps: GateDeps) {
    this.#deps = deps;
    this.#located = new Located(deps.clock, deps.locate);
  }

  /** Takes one that is due. Resolves when the record shows what became of it: begun or parked. */
  async admit(job: Job): Promise<void> {
    const place = await this.#located.of(job.domain);
    const lane = this.#laneOf(place);
    if (this.#closed) return this.#deps.putBack(job);
    if (hasSlot(lane, job.priority)) return this.#start(lane, this.#guest(job));
    if (this.#hasSeat(lane, job.priority, ROOM_FOR_JOBS - this.#holding))
      return new Promise((resolve) => {
        this.#holding++;
        this.#seat(lane, this.#guest(job, this.#lettingGo(resolve)));
      });
    await this.#deps.park(job, place.lane);
    // Anew: the lane may have been forgotten while we waited for Redis.
    const now = this.#laneOf(place);
    now.listed = true;
    now.urgentListed ||= job.priority === URGENT;
    this.#next(now);
  }

  /**
   * Keeps a place for a delivery that is about to be stored; undefined when its lane is not known yet (it then comes by
   * the queue).
   */
  reserve(domain: string, priority: Priority): Reservation | undefined {
    const known = this.#closed ? undefined : this.#located.known(domain);
    if (!known) return undefined;
    const lane = this.#laneOf(known);
    if (hasSlot(lane, priority)) {
      enter(lane);
      return { kind: 'slot', take: (guest) => this.#run(lane, guest), giveUp: () => this.#leave(lane) };
    }
    if (!this.#hasSeat(lane, priority, ROOM_FOR_ALL - this.#waiting))
      return { kind: 'list', lane: lane.name };
    const free = keepSeat(lane, priority);
    const sit = (guest: Guest): void => {
      free();
      if (this.#closed) void this.#putBackQuietly(guest.job);
      else this.#seat(lane, guest);
      this.#next(lane);
    };
    return { kind: 'seat', take: sit, giveUp: free };
  }

  /** Wakes a lane whose list holds somebody, of an earlier holder or just put there. */
  wake(name: string, priority?: Priority): void {
    // Its limit is not known before its first delivery has been located: one is enough to begin with.
    const lane = this.#lanes.get(name) ?? this.#laneOf({ lane: name, limit: 1 });
    lane.listed = true;
    lane.urgentListed ||= priority === URGENT;
    this.#next(lane);
  }

  /** Attempts under way, and lanes with somebody in them. */
  state(): Readonly<{
    active: number;
    waiting: number;
    lanes: readonly Readonly<{ name: string; active: number }>[];
  }> {
    const lanes = [...this.#lanes.values()].map(({ name, active }) => ({ name, active }));
    return { active: this.#running.size, waiting: this.#waiting, lanes };
  }

  /** Takes nothing more and puts back what waits in rooms or is just being pulled; running attempts go on. */
  async close(): Promise<void> {
    this.#closed = true;
    const guests = [...this.#lanes.values()].flatMap((lane) => {
      lane.alarm?.();
      // Else it would keep its place among all that wait for the provider, for ever.
      lane.turn?.rest();
      return lane.room.splice(0);
    });
    this.#waiting = 0;
    // Jobs are let go of in any case: the consumer waits for that.
    await Promise.all(guests.map(({ job, begun }) => this.#putBackQuietly(job).then(begun)));
    await Promise.allSettled(this.#pulls);
  }

  /** Resolves when no attempt runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Where Redis does not take it back, it is found by its due time later. */
  #putBackQuietly(job: Job): Promise<void> {
    return this.#deps.putBack(job).catch(() => undefined);
  }

  #guest(job: Job, begun: () => void = () => undefined): Guest {
    return { job, begun, attempt: (progress) => this.#deps.attempt(job, progress) };
  }

  #laneOf({ lane: name, limit, turn }: Place): Lane {
    const lane = this.#lanes.get(name) ?? newLane(name, limit);
    this.#lanes.set(name, lane);
    lane.limit = limit;
    // Those that are on their way began by the old one, and end by it.
    if (turn && turn !== lane.turn && lane.active === 0) {
      lane.turn?.rest();
      lane.turn = turn;
      turn.onChange(() => {
        if (this.#lanes.get(name) === lane) this.#next(lane);
        else turn.rest();
      });
    }
    return lane;
  }

  /** `left`: how many more may wait in all rooms. */
  #hasSeat(lane: Lane, priority: Priority, left: number): boolean {
    if (hasFreeSeat(lane) && left > 0) return true;
    return mayPassBy(lane, priority) && left > -EXTRA_ROOM;
  }

  /** Calls `begun` once, and counts the job that is free then. */
  #lettingGo(begun: () => void): () => void {
    let held = true;
    return () => {
      if (held) this.#holding--;
      held = false;
      begun();
    };
  }

  #seat(lane: Lane, guest: Guest): void {
    sitDown(lane, guest);
    this.#waiting++;
    // It may be its turn's time that it waits for, and not another one's end.
    if (lane.turn && !lane.alarm && lane.active < lane.limit) this.#next(lane);
  }

  /** Begins an attempt in the lane. Resolves when the record shows it. */
  #start(lane: Lane, guest: Guest): Promise<void> {
    enter(lane);
    return new Promise((resolve, reject) => this.#run(lane, { ...guest, begun: resolve }, reject));
  }

  /** Runs an attempt that has a slot; the slot is free when the peer has answered. */
  #run(lane: Lane, guest: Guest, failed: (error: Error) => void = () => undefined): void {
    let inLane = true;
    const sent = (): void => {
      if (inLane) this.#leave(lane);
      inLane = false;
    };
    const done = guest
      .attempt({ begun: guest.begun, sent })
      .catch((error: unknown) => {
        // It could not begin because of Redis; it is in the index, and found there by its due time.
        this.#deps.log.debug({ delivery: guest.job.ref, error: String(error) }, 'an attempt could not begin');
        failed(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        this.#running.delete(done);
        guest.begun();
        sent();
      });
    this.#running.add(done);
  }

  #leave(lane: Lane): void {
    lane.active--;
    lane.turn?.end();
    countPace(lane, Math.floor(this.#deps.clock.ticks() / 1000));
    this.#next(lane);
  }

  #next(lane: Lane): void {
    lane.alarm?.();
    lane.alarm = undefined;
    if (this.#closed) return;
    while (lane.room.length > 0 && waitOf(lane) === 0) {
      const guest = nextOf(lane);
      if (!guest) break;
      this.#waiting--;
      enter(lane);
      this.#run(lane, guest);
    }
    if (lane.turn && (lane.room.length > 0 || lane.listed)) this.#waitFor(lane, lane.turn);
    else lane.turn?.rest();
    if (lane.listed && lane.room.length < roomOf(lane) / 2) this.#pull(lane);
    else this.#forgetIfEmpty(lane);
  }

  /** Wakes the lane when its time has come. Where that takes long, those in its room go back to its list meanwhile. */
  #waitFor(lane: Lane, turn: Turn): void {
    const wait = waitOf(lane);
    if (wait === 0) return;
    if (wait < Infinity || lane.active === 0)
      lane.alarm = this.#deps.clock.after(Math.min(Math.max(1, wait), MAX_WAIT_MS), () => this.#next(lane));
    if (lane.room.length > 0 && turn.atOnce() === 0) void this.#emptyRoom(lane);
  }

  async #emptyRoom(lane: Lane): Promise<void> {
    const guests = lane.room.splice(0);
    this.#waiting -= guests.length;
    // At once, so that the lane is not forgotten while we wait for Redis.
    lane.listed = true;
    lane.urgent -= guests.filter(({ job }) => job.priority === URGENT).length;
    for (const { job, begun } of guests) {
      // Where Redis does not take it, it is found by its due time later.
      await this.#deps.park(job, lane.name).catch(() => undefined);
      begun();
      lane.urgentListed ||= job.priority === URGENT;
    }
    lane.listed = true;
    this.#next(lane);
  }

  #pull(lane: Lane): void {
    const done = this.#refill(lane).finally(() => this.#pulls.delete(done));
    this.#pulls.add(done);
  }

  async #refill(lane: Lane): Promise<void> {
    if (lane.pulling) return;
    lane.pulling = true;
    lane.listed = false;
    const { urgentListed } = lane;
    lane.urgentListed = false;
    try {
      const { items, more } = await this.#deps.pull(lane.name, roomOf(lane) - lane.room.length);
      if (more) lane.listed = true;
      if (more && items.at(-1)?.priority === URGENT) lane.urgentListed = true;
      for (const job of items) await this.#receive(lane, job);
    } catch (error) {
      lane.listed = true;
      lane.urgentListed ||= urgentListed;
      this.#deps.log.debug({ lane: lane.name, error: String(error) }, 'could not pull from a lane');
      return;
    } finally {
      lane.pulling = false;
    }
    this.#next(lane);
  }

  /** One that was pulled takes its seat, in another lane if its domain has moved to other hosts meanwhile. */
  async #receive(from: Lane, job: Job): Promise<void> {
    const lane = this.#laneOf(await this.#located.of(job.domain));
    if (this.#closed) return this.#deps.putBack(job);
    this.#seat(lane, this.#guest(job));
    if (lane !== from) this.#next(lane);
  }

  #forgetIfEmpty(lane: Lane): void {
    if (!isInUse(lane)) this.#lanes.delete(lane.name);
  }
}
