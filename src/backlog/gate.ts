// The gate of one transport: who of those that are due goes now, who waits in a lane's room, who is parked in its list.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Priority } from '../model/instructions.ts';
import {
  countPace,
  hasFreeSeat,
  hasSlot,
  isInUse,
  keepSeat,
  mayPassBy,
  newLane,
  nextOf,
  roomOf,
  sitDown,
  type Guest,
  type Lane,
} from './lane.ts';
import { URGENT, type Job } from './queue.ts';

/** Where a delivery's domain is served: the lane, how many may be on their way in it at a time, and by which provider. */
export type Place = Readonly<{ lane: string; limit: number; provider?: string }>;

/** What an attempt tells while it runs. */
export type Progress = Readonly<{
  /** Its record shows that it began, or that there was nothing to do. */
  begun(): void;
  /** The peer has answered: the lane is free for the next, while the result is stored. */
  sent(): void;
}>;

/** What the gate needs done. All reject only when Redis is away. */
export type GateDeps = Readonly<{
  clock: Clock;
  log: Log;
  locate(domain: string): Promise<Place>;
  /** Runs an attempt; resolves when its result is stored. */
  attempt(job: Job, progress: Progress): Promise<void>;
  park(job: Job, lane: string): Promise<void>;
  /** Up to `count` heads of the lane's list, and whether more wait there. */
  pull(lane: string, count: number): Promise<Readonly<{ items: readonly Job[]; more: boolean }>>;
  /** Puts back what waits in a room when we stop. */
  putBack(job: Job): Promise<void>;
}>;

/**
 * A place that was kept for a delivery before it was stored; take it with what stands for it, or give it up.
 * slot: it may begin at once · seat: it is next in line · list: the lane is full, it belongs into its list.
 */
export type Reservation =
  | Readonly<{ kind: 'slot' | 'seat'; take(guest: Guest): void; giveUp(): void }>
  | Readonly<{ kind: 'list'; lane: string }>;

/** How many may wait in rooms, all lanes together; beyond it they are parked at once. */
const ROOM_FOR_ALL = 1000;
/** The same for those that hold a job of the queue meanwhile: fewer than its workers, or slow lanes would stop it. */
const ROOM_FOR_JOBS = 60;
/** Urgent ones find a seat beyond all that. */
const EXTRA_ROOM = 40;
const PLACE_MS = 10_000;
const MAX_PLACES = 10_000;

/** The gate. A class, since it has identity and changing state: the lanes of one transport while this process holds it. */
export class Gate {
  readonly #deps: GateDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #pulls = new Set<Promise<void>>();
  readonly #places = new Map<string, Readonly<{ place: Place; until: number }>>();
  #waiting = 0;
  /** Those of them that hold a job of the queue. */
  #holding = 0;
  #closed = false;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** Takes one that is due. Resolves when the record shows what became of it: begun or parked. */
  async admit(job: Job): Promise<void> {
    const place = await this.#locate(job.domain);
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
    const known = this.#places.get(domain);
    if (this.#closed || !known || known.until < this.#deps.clock.ticks()) return undefined;
    const lane = this.#laneOf(known.place);
    if (hasSlot(lane, priority)) {
      lane.active++;
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
    const guests = [...this.#lanes.values()].flatMap((lane) => lane.room.splice(0));
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

  async #locate(domain: string): Promise<Place> {
    const now = this.#deps.clock.ticks();
    const known = this.#places.get(domain);
    if (known && known.until >= now) return known.place;
    const place = await this.#deps.locate(domain);
    if (this.#places.size >= MAX_PLACES) this.#places.clear();
    this.#places.set(domain, { place, until: now + PLACE_MS });
    return place;
  }

  #laneOf({ lane, limit }: Place): Lane {
    const known = this.#lanes.get(lane);
    if (known) {
      known.limit = limit;
      return known;
    }
    const fresh = newLane(lane, limit);
    this.#lanes.set(lane, fresh);
    return fresh;
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
  }

  /** Begins an attempt in the lane. Resolves when the record shows it. */
  #start(lane: Lane, guest: Guest): Promise<void> {
    lane.active++;
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
    countPace(lane, Math.floor(this.#deps.clock.ticks() / 1000));
    this.#next(lane);
  }

  #next(lane: Lane): void {
    while (lane.active < lane.limit && !this.#closed) {
      const guest = nextOf(lane);
      if (!guest) break;
      this.#waiting--;
      lane.active++;
      this.#run(lane, guest);
    }
    if (lane.listed && lane.room.length < roomOf(lane) / 2 && !this.#closed) this.#pull(lane);
    else this.#forgetIfEmpty(lane);
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
    const lane = this.#laneOf(await this.#locate(job.domain));
    if (this.#closed) return this.#deps.putBack(job);
    this.#seat(lane, this.#guest(job));
    if (lane !== from) this.#next(lane);
  }

  #forgetIfEmpty(lane: Lane): void {
    if (!isInUse(lane)) this.#lanes.delete(lane.name);
  }
}
