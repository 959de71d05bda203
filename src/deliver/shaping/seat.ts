// Seats: what each lane has of a process' share of connections, and how slots move from one to another.

/** What a lane is to the share. */
export type Seat = {
  /** Connections that it may have, and attempts under way. */
  slots: number;
  active: number;
  /** Connections of running attempts that are of no use any more. */
  spent: number;
  /** Sockets of the lane that are opening, open or closing. */
  sockets: number;
  /** Called when it is worth asking again. */
  wake(): void;
  /** Ends its longest unused idle connection; false when there is none. */
  evict(): boolean;
};

/** Slots of all. */
export function slotsOf(seats: Iterable<Seat>): number {
  let slots = 0;
  for (const seat of seats) slots += seat.slots;
  return slots;
}

/** Slots that the others do not use just now. */
export function unusedBeside(seats: Iterable<Seat>, own: Seat): number {
  let unused = 0;
  for (const seat of seats) if (seat !== own) unused += seat.slots - seat.active;
  return unused;
}

/** Takes a slot from another one that does not use it just now. */
export function stealSlot(seats: Iterable<Seat>, own: Seat): void {
  for (const seat of seats) {
    if (seat === own || seat.slots <= seat.active) continue;
    seat.slots--;
    return;
  }
}

/** Ends one idle connection, whosever it is; false when there is none. */
export function evictOne(seats: Iterable<Seat>): boolean {
  for (const seat of seats) if (seat.evict()) return true;
  return false;
}
