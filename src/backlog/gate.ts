// The gate of one transport: who of those that are due goes now, who waits in a lane's room, who is parked in its list.
import type { Log } from '../lib/log.ts';
import type { Job } from './queue.ts';

/** Where a delivery's domain is served: the lane, and how many may be on their way in it at a time. */
export type Place = Readonly<{ lane: string; limit: number }>;

/** What the gate needs done. All reject only when Redis is away. */
export type GateDeps = Readonly<{
  log: Log;
  locate(domain: string): Promise<Place>;
  /** Starts an attempt; `onBegun` is called once its record shows it. Resolves when the attempt has ended. */
  attempt(job: Job, onBegun: () => void): Promise<void>;
  park(job: Job, lane: string): Promise<void>;
  /** Up to `count` heads of the lane's list, and whether more wait there. */
  pull(lane: string, count: number): Promise<Readonly<{ items: readonly Job[]; more: boolean }>>;
  /** Puts back what waits in a room when we stop. */
  putBack(job: Job): Promise<void>;
}>;

type Guest = Readonly<{ job: Job; begun: () => void }>;

type Lane = {
  readonly name: string;
  limit: number;
  active: number;
  /** Those next in line, in our memory. */
  room: Guest[];
  /** True while the lane's list in Redis may hold somebody. */
  listed: boolean;
  pulling: boolean;
};

/** How many jobs of the queue may wait in rooms, all lanes together; beyond it they are parked at once. */
const ROOM_FOR_ALL = 400;
const PULL_AGAIN_FACTOR = 2;

/** The gate. A class, since it has identity and changing state: the lanes of one transport while this process holds it. */
export class Gate {
  readonly #deps: GateDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  #waiting = 0;
  #closed = false;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** Takes one that is due. Resolves when the record shows what became of it: begun or parked. */
  async admit(job: Job): Promise<void> {
    const place = await this.#deps.locate(job.domain);
    const lane = this.#laneOf(place);
    if (this.#closed) return this.#deps.putBack(job);
    if (lane.active < lane.limit && lane.room.length === 0 && !lane.listed) return this.#start(lane, job);
    if (!lane.listed && lane.room.length < lane.limit && this.#waiting < ROOM_FOR_ALL) {
      return new Promise((resolve) => this.#seat(lane, { job, begun: resolve }));
    }
    await this.#deps.park(job, place.lane);
    // Anew: the lane may have been forgotten while we waited for Redis.
    const now = this.#laneOf(place);
    now.listed = true;
    this.#next(now);
  }

  /** Wakes a lane whose list holds somebody from an earlier holder. */
  wake(lane: string): void {
    const known = this.#laneOf({ lane, limit: 0 });
    known.listed = true;
    // Its limit is not known before its first delivery has been located: one is enough to begin with.
    known.limit = Math.max(known.limit, 1);
    this.#next(known);
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

  /** Takes nothing more and puts back what waits in rooms; running attempts go on. */
  async close(): Promise<void> {
    this.#closed = true;
    const guests = [...this.#lanes.values()].flatMap((lane) => lane.room.splice(0));
    this.#waiting = 0;
    await Promise.allSettled(
      guests.map(async ({ job, begun }) => {
        await this.#deps.putBack(job);
        begun();
      }),
    );
  }

  /** Resolves when no attempt runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #laneOf({ lane, limit }: Place): Lane {
    const known = this.#lanes.get(lane);
    if (known) {
      if (limit > 0) known.limit = limit;
      return known;
    }
    const fresh: Lane = { name: lane, limit, active: 0, room: [], listed: false, pulling: false };
    this.#lanes.set(lane, fresh);
    return fresh;
  }

  #seat(lane: Lane, guest: Guest): void {
    lane.room.push(guest);
    this.#waiting++;
  }

  /** Begins an attempt in the lane. Resolves when the record shows it; goes on with the next when it has ended. */
  #start(lane: Lane, job: Job): Promise<void> {
    lane.active++;
    return new Promise((resolve, reject) => {
      const done = this.#deps
        .attempt(job, resolve)
        .catch((error: unknown) => reject(error instanceof Error ? error : new Error(String(error))))
        .finally(() => {
          lane.active--;
          this.#running.delete(done);
          resolve();
          this.#next(lane);
        });
      this.#running.add(done);
    });
  }

  #next(lane: Lane): void {
    while (lane.active < lane.limit && !this.#closed) {
      const guest = lane.room.shift();
      if (!guest) break;
      this.#waiting--;
      this.#start(lane, guest.job).then(guest.begun, (error: unknown) => {
        // It could not begin because of Redis; the reconciler finds it by its due time.
        this.#deps.log.debug({ delivery: guest.job.ref, error: String(error) }, 'an attempt could not begin');
        guest.begun();
      });
    }
    if (lane.listed && lane.room.length < lane.limit && !this.#closed) void this.#refill(lane);
    else this.#forgetIfEmpty(lane);
  }

  async #refill(lane: Lane): Promise<void> {
    if (lane.pulling) return;
    lane.pulling = true;
    lane.listed = false;
    try {
      const { items, more } = await this.#deps.pull(
        lane.name,
        PULL_AGAIN_FACTOR * lane.limit - lane.room.length,
      );
      if (more) lane.listed = true;
      for (const job of items) await this.#receive(lane, job);
    } catch (error) {
      lane.listed = true;
      this.#deps.log.debug({ lane: lane.name, error: String(error) }, 'could not pull from a lane');
      return;
    } finally {
      lane.pulling = false;
    }
    this.#next(lane);
  }

  /** One that was pulled takes its seat, in another lane if its domain has moved to other hosts meanwhile. */
  async #receive(from: Lane, job: Job): Promise<void> {
    const lane = this.#laneOf(await this.#deps.locate(job.domain));
    if (this.#closed) return this.#deps.putBack(job);
    this.#seat(lane, { job, begun: () => undefined });
    if (lane !== from) this.#next(lane);
  }

  #forgetIfEmpty(lane: Lane): void {
    const empty = lane.active === 0 && lane.room.length === 0 && !lane.listed && !lane.pulling;
    if (empty) this.#lanes.delete(lane.name);
  }
}
