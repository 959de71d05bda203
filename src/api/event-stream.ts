// Streams of server-sent events: one for each viewer, who may lag a little, and is cut off when it does not read.
import { PassThrough, type Readable } from 'node:stream';
import { once } from 'node:events';
import { compareCursors } from '../events/cursor.ts';
import { cursorText, type Cursor, type EventLog, type Recorded } from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeSeats, type Seats } from '../lib/seats.ts';
import type { Event } from '../model/event.ts';

export type Viewing = Readonly<{
  /** undefined: from the oldest event that is kept. */
  after: Cursor | undefined;
  wanted(event: Event): boolean;
  /** Asked again and again: false ends the stream. */
  mayStay(): Promise<boolean>;
}>;

export type Viewers = Readonly<{
  /** A new viewer's stream; undefined when there are too many. */
  open(viewing: Viewing): Readable | undefined;
  count(): number;
}>;

export type ViewersDeps = Readonly<{ eventLog: EventLog; clock: Clock; log: Log }>;

const MAX_VIEWERS = 500;
/** What is kept for a viewer that reads more slowly than events come. */
const BUFFER_BYTES = 64 * 1024;
/** How long it may take to read that. */
const SLOW_MS = 30_000;
/** Keeps proxies from closing a quiet stream. */
const PING_MS = 15_000;
/** A key that was removed is dead within a second. */
const STAY_MS = 900;
/** Who begins in the past reads the disk by itself, which costs memory and time: so many do at once, the others wait. */
const BEHIND_AT_ONCE = 8;
const BEHIND_MS = 60_000;
/** Who has not come up to date by then comes again, behind those who wait: its client asks for what follows. */
const SEAT_MS = 120_000;

/** All viewers of a process. They share one reader of the events, and the text of each. */
export function makeViewers(deps: ViewersDeps): Viewers {
  const texts = new WeakMap<Recorded, string>();
  const textOf = (recorded: Recorded): string => {
    const text = texts.get(recorded) ?? write(recorded);
    texts.set(recorded, text);
    return text;
  };
  const seats = makeSeats(BEHIND_AT_ONCE);
  let count = 0;
  return {
    count: () => count,
    open: (viewing) => {
      if (count >= MAX_VIEWERS) return undefined;
      count++;
      const out = new PassThrough({ highWaterMark: BUFFER_BYTES });
      const gone = new AbortController();
      out.once('close', () => {
        count--;
        gone.abort();
      });
      // Who is cut off hears nothing more: its own end of the connection tells it.
      out.on('error', () => undefined);
      out.write('retry: 2000\n\n');
      keepUp(out, viewing, deps);
      follow(out, { viewing, textOf, signal: gone.signal, seats }, deps).catch((error: unknown) => {
        if (!gone.signal.aborted) deps.log.error({ err: error }, 'A stream of events broke.');
        out.destroy();
      });
      return out;
    },
  };
}

function write({ cursor, event }: Recorded): string {
  return `id: ${cursorText(cursor)}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Pings, and looks whether the viewer may still see what it sees. */
function keepUp(out: PassThrough, { mayStay }: Viewing, { clock }: ViewersDeps): void {
  const ends = [
    clock.every(PING_MS, () => {
      if (!out.writableNeedDrain) out.write(': \n\n');
    }),
    clock.every(STAY_MS, () => {
      // While nobody can tell, it stays.
      mayStay().then(
        (stays) => void (stays || out.destroy()),
        () => undefined,
      );
    }),
  ];
  out.once('close', () => ends.forEach((end) => end()));
}

type Following = Readonly<{
  viewing: Viewing;
  textOf(recorded: Recorded): string;
  signal: AbortSignal;
  seats: Seats;
}>;

async function follow(out: PassThrough, following: Following, deps: ViewersDeps): Promise<void> {
  const { viewing, signal, seats } = following;
  const end = await deps.eventLog.end();
  const lag = (end?.ms ?? 0) - (viewing.after?.ms ?? 0);
  const leave = end && lag > BEHIND_MS ? await seats.take(signal) : undefined;
  const endLate = leave && deps.clock.after(SEAT_MS, () => out.destroy());
  const finish = (): void => {
    endLate?.();
    leave?.();
  };
  try {
    for await (const batch of deps.eventLog.follow(viewing.after, signal)) {
      if (!(await show(out, batch, { following, deps }))) return;
      const last = batch.at(-1);
      if (end && last && compareCursors(last.cursor, end) >= 0) finish();
    }
  } finally {
    finish();
  }
}

/** False when the viewer is gone, or was cut off. */
async function show(
  out: PassThrough,
  batch: readonly Recorded[],
  { following, deps }: Readonly<{ following: Following; deps: ViewersDeps }>,
): Promise<boolean> {
  const { viewing, textOf, signal } = following;
  for (const recorded of batch) {
    if (signal.aborted) return false;
    if (!viewing.wanted(recorded.event) || out.write(textOf(recorded))) continue;
    if (await drained(out, deps.clock)) continue;
    deps.log.debug({}, 'A viewer of events did not read, and was cut off.');
    out.destroy();
    return false;
  }
  return true;
}

/** False when the viewer has not read for too long. */
async function drained(out: PassThrough, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  const waits = once(out, 'drain', { signal: over.signal }).then(
    () => true,
    () => false,
  );
  const late = clock.sleep(SLOW_MS, over.signal).then(() => false);
  const closed = once(out, 'close', { signal: over.signal }).then(
    () => false,
    () => false,
  );
  return Promise.race([waits, late, closed]).finally(() => over.abort());
}
