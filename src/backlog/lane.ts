// A lane of a gate: who is on the way in it, who is next in its room, and how quick it is. No I/O.
import type { Priority } from '../model/instructions.ts';
import { URGENT, type Job } from './queue.ts';
import type { Progress } from './gate.ts';

/** One that waits for its turn. `attempt` is its own way to be attempted, where it was handed over with all it needs. */
export type Guest = Readonly<{ job: Job; attempt: (progress: Progress) => Promise<void>; begun: () => void }>;

export type Lane = {
  readonly name: string;
  limit: number;
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
  return Math.max(ROOM_FACTOR * lane.limit, Math.floor(lane.pace * ROOM_SECONDS));
}

/** True when one of this priority may begin at once. */
export function hasSlot(lane: Lane, priority: Priority): boolean {
  if (lane.active >= lane.limit) return false;
  if (priority === URGENT) return lane.urgent === 0 && !lane.urgentListed;
  return lane.room.length === 0 && !lane.listed;
}

/** True when the lane has a free seat, and nobody who waits in its list comes first. */
export function hasFreeSeat(lane: Lane): boolean {
  return !lane.listed && lane.room.length + lane.kept < roomOf(lane);
}

/** True for what is urgent: it passes all others by, in the list too, but not its like. */
export function mayPassBy(lane: Lane, priority: Priority): boolean {
  return priority === URGENT && !lane.urgentListed && lane.urgent < lane.limit;
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
