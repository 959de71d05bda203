// A lane of a gate: who is on the way in it, who is next in its room, and how quick it is. No I/O.
import type { Priority } from '../model/instructions.ts';
import { URGENT, type Job } from './queue.ts';
import type { Progress } from './gate-deps.ts';

/** One that waits for its turn. `attempt` is its own way to be attempted, where it was handed over with all it needs. */
export type Guest = Readonly<{ job: Job; attempt: (progress: Progress) => Promise<void>; begun: () => void }>;

/** What lets a lane's attempts begin one by one, beside its limit. It is asked, never waited for. */
export type Turn = Readonly<{
  /** How long the next attempt has to wait, milliseconds; 0: it may begin. Infinity: until `onChange`, or one ends. */
  waitMs(): number;
  /** One begins, right after `waitMs` was 0; one has ended. */
  begin(): void;
  end(): void;
  /** Nobody waits any more. */
  rest(): void;
  /** How many may wait in the lane's room: what may begin soon; 0 where that takes long. */
  atOnce(): number;
  /** Calls `task` when it is worth asking again sooner than was said. */
  onChange(task: () => void): void;
}>;

export type Lane = {
  readonly name: string;
  limit: number;
  /** Absent: only the limit holds. */
  turn: Turn | undefined;
  /** Ends the wait for its time. */
  alarm: (() => void) | undefined;
  active: number;
  /** Those next in line, in our memory, the more urgent first. */
  room: Guest[];
  /** Seats kept for deliveries that are being stored. */
  kept: number;
  /** How many in the room and on kept seats are urgent. */
  urgent: number;
  /** True while the lane's list in Redis may hold somebody; somebody urgent. */
  listed: boolean;
  urgentListed: boolean;
  pulling: boolean;
  /** How many left the lane in the last full second, and in the running one. */
  pace: number;
  leaving: number;
  second: number;
};

const EMPTY = {
  turn: undefined,
  alarm: undefined,
  active: 0,
  kept: 0,
  urgent: 0,
  listed: false,
  urgentListed: false,
  pulling: false,
  pace: 0,
  leaving: 0,
  second: 0,
} as const;

/** A lane's room, and how much of its list it takes at a time, in multiples of its limit. */
const ROOM_FACTOR = 2;
/** A quick lane has room for so much of a second's work. */
const ROOM_SECONDS = 0.25;

/** A lane with nobody in it. */
export function newLane(name: string, limit: number): Lane {
  return { name, limit, room: [], ...EMPTY };
}

/** How many may wait in it, next in line. */
export function roomOf(lane: Lane): number {
  const room = Math.max(ROOM_FACTOR * lane.limit, Math.floor(lane.pace * ROOM_SECONDS));
  return lane.turn ? Math.min(room, lane.turn.atOnce()) : room;
}

/** How long the next in line has to wait, milliseconds; Infinity: until another one has ended, or the turn says so. */
export function waitOf(lane: Lane): number {
  return lane.active >= lane.limit ? Infinity : (lane.turn?.waitMs() ?? 0);
}

/** True when one of this priority may begin at once. */
export function hasSlot(lane: Lane, priority: Priority): boolean {
  const isFirst =
    priority === URGENT ? lane.urgent === 0 && !lane.urgentListed : lane.room.length === 0 && !lane.listed;
  return isFirst && waitOf(lane) === 0;
}

/** True when the lane has a free seat, and nobody who waits in its list comes first. */
export function hasFreeSeat(lane: Lane): boolean {
  return !lane.listed && lane.room.length + lane.kept < roomOf(lane);
}

/** True for what is urgent: it passes all others by, in the list too, but not its like. */
export function mayPassBy(lane: Lane, priority: Priority): boolean {
  const isNext = priority === URGENT && !lane.urgentListed && lane.urgent < lane.limit;
  return isNext && (lane.turn?.atOnce() ?? 1) > 0;
}

/** Keeps a seat; what it returns gives it up again. */
export function keepSeat(lane: Lane, priority: Priority): () => void {
  const urgent = Number(priority === URGENT);
  lane.kept++;
  lane.urgent += urgent;
  return () => {
    lane.kept--;
    lane.urgent -= urgent;
  };
}

/** Sits down behind its like and the more urgent. */
export function sitDown(lane: Lane, guest: Guest): void {
  const { room } = lane;
  const { priority } = guest.job;
  lane.urgent += Number(priority === URGENT);
  const last = room.at(-1);
  if (!last || last.job.priority <= priority) return void room.push(guest);
  const at = room.findIndex(({ job }) => job.priority > priority);
  room.splice(at, 0, guest);
}

/** The next in line, who leaves the room. */
export function nextOf(lane: Lane): Guest | undefined {
  const guest = lane.room.shift();
  if (guest?.job.priority === URGENT) lane.urgent--;
  return guest;
}

/** An attempt begins in it. */
export function enter(lane: Lane): void {
  lane.active++;
  lane.turn?.begin();
}

/** Counts one that left the lane; `second` is the running second of a steady clock. */
export function countPace(lane: Lane, second: number): void {
  if (second !== lane.second) {
    lane.pace = second === lane.second + 1 ? lane.leaving : 0;
    lane.leaving = 0;
    lane.second = second;
  }
  lane.leaving++;
}

/** True while nothing speaks for forgetting it. */
export function isInUse(lane: Lane): boolean {
  return lane.active > 0 || lane.room.length > 0 || lane.kept > 0 || lane.listed || lane.pulling;
}
