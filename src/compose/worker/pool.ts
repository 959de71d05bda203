// A few rendering threads and the jobs that wait for one: begun when needed, replaced when they end, given back when idle.
import { Seat, type Ending, type SeatSettings } from './seat.ts';
import { makeTurns } from './turns.ts';

export type PoolSettings = SeatSettings &
  Readonly<{
    /** Threads at most. */
    size: number;
    /** Jobs that may wait; half of them of one owner. */
    maxWaiting: number;
    /** A thread without work for so long is ended. */
    idleMs: number;
  }>;

export type Pool = Readonly<{
  /** Does the job in a thread; `owner` takes turns with others. "full": too many wait, "closed": no more is done. */
  run(owner: string, task: unknown): Promise<Ending | 'full' | 'closed'>;
  /** Ends all threads; what waits is answered "closed", what runs "broken". */
  close(): Promise<void>;
}>;

type Waiting = Readonly<{ task: unknown; resolve: (ending: Ending | 'closed') => void }>;

/** Makes a pool without threads: the first job begins the first. */
export function makePool(settings: PoolSettings): Pool {
  const { maxWaiting } = settings;
  const staff = makeStaff(settings);
  const turns = makeTurns<Waiting>();
  let closed = false;

  const occupy = async (seat: Seat, { task, resolve }: Waiting): Promise<void> => {
    const ending = await seat.run(task);
    if (!closed) staff.takeBack(seat, ending);
    resolve(ending);
    serve();
  };
  const serve = (): void => {
    while (!closed && turns.size() > 0) {
      const seat = staff.take();
      const next = seat && turns.next();
      if (!next) return;
      void occupy(seat, next);
    }
  };

  return {
    run: (owner, task) => {
      if (closed) return Promise.resolve('closed');
      if (turns.size() >= maxWaiting || turns.size(owner) >= maxWaiting / 2) return Promise.resolve('full');
      return new Promise((resolve) => {
        turns.add(owner, { task, resolve });
        serve();
      });
    },
    close: async () => {
      closed = true;
      for (let next = turns.next(); next; next = turns.next()) next.resolve('closed');
      await staff.close();
    },
  };
}

type Staff = Readonly<{
  /** A thread that has nothing to do, or a new one; undefined: all are at work. */
  take(): Seat | undefined;
  /** After its job; a thread that was ended by it is replaced at once, so that the next job need not wait. */
  takeBack(seat: Seat, ending: Ending): void;
  close(): Promise<void>;
}>;

function makeStaff(settings: PoolSettings): Staff {
  const { size, idleMs, clock } = settings;
  const seats = new Set<Seat>();
  const idle = new Map<Seat, () => void>();

  const open = (): Seat => {
    const seat = new Seat(settings);
    seats.add(seat);
    return seat;
  };
  const dismiss = (seat: Seat): void => {
    seats.delete(seat);
    idle.delete(seat);
    void seat.end();
  };
  const rest = (seat: Seat): void => {
    idle.set(
      seat,
      clock.after(idleMs, () => dismiss(seat)),
    );
  };

  return {
    take: () => {
      for (const [seat, cancel] of idle) {
        cancel();
        idle.delete(seat);
        if (!seat.ended) return seat;
        seats.delete(seat);
      }
      return seats.size < size ? open() : undefined;
    },
    takeBack: (seat, ending) => {
      if (!seat.ended) return rest(seat);
      seats.delete(seat);
      if (ending.ended !== 'broken') rest(open());
    },
    close: async () => {
      for (const cancel of idle.values()) cancel();
      idle.clear();
      await Promise.all([...seats].map((seat) => seat.end()));
      seats.clear();
    },
  };
}
