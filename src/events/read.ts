// Reading the log forward: batches of events from a cursor on, to the end or for as long as somebody listens.
import { compareCursors, type Cursor } from './cursor.ts';
import { listSegments, type Segment } from './folder.ts';
import { cursorOf, readLineAt, type Recorded } from './line.ts';
import { openSegment, wholeLines } from './segment-file.ts';
import { offsetOf } from './seek.ts';

export type ForwardOptions = Readonly<{
  folder: string;
  /** Events after this one; undefined: from the oldest that is kept. */
  after: Cursor | undefined;
  /** Called at the end of what there is: resolves true to look again, false to stop. */
  more(): Promise<boolean>;
}>;

/** Events in order, and how many bytes of the segment they were read from. */
export type Batch = Readonly<{ events: readonly Recorded[]; bytes: number }>;

const BLOCK = 256 * 1024;

/** `buffer` is what each read of one reader is made into. `isFound`: the offset is where `after` says. */
type Place = {
  segment: Segment;
  offset: number;
  after: Cursor | undefined;
  buffer: Buffer;
  isFound: boolean;
};

/**
 * Yields events in order, in batches of what one read gave (never an empty one). Events that stand twice, since a
 * writer died between writing and trimming, come once.
 */
export async function* readForward(options: ForwardOptions): AsyncGenerator<Batch> {
  let place: Place | undefined;
  for (;;) {
    const segments = await listSegments(options.folder);
    place ??= beginning(segments, options.after);
    if (place) {
      // The list is older than this read: what follows in the list begins after all that this segment will ever get.
      yield* readOn(place);
      const next = following(segments, place.segment);
      if (next) {
        place = { ...place, segment: next, offset: 0, isFound: true };
        continue;
      }
    }
    if (!(await options.more())) return;
  }
}

function beginning(segments: readonly Segment[], after: Cursor | undefined): Place | undefined {
  const from = after && segments.findLast((segment) => compareCursors(segment.first, after) <= 0);
  // Of copies of one name the first one may hold lines as well.
  const first = from && segments.find((segment) => compareCursors(segment.first, from.first) === 0);
  const segment = first ?? segments[0];
  return segment && { segment, offset: 0, after, buffer: Buffer.allocUnsafe(BLOCK), isFound: !after };
}

function following(segments: readonly Segment[], current: Segment): Segment | undefined {
  const at = segments.findIndex((segment) => segment.name === current.name);
  if (at >= 0) return segments[at + 1];
  return segments.find((segment) => compareCursors(segment.first, current.first) > 0); // it was too old and is gone
}

/** Reads the segment from the place to its present end, and moves the place. */
async function* readOn(place: Place): AsyncGenerator<Batch> {
  await using file = await openSegment(place.segment);
  if (!file) return;
  if (!place.isFound && place.after) place.offset = await offsetOf(file, await file.size(), place.after.ms);
  place.isFound = true;
  for await (const lines of wholeLines(file, place)) {
    const events = readBatch(lines.toString('utf8'), place);
    if (events.length > 0) yield { events, bytes: lines.length };
  }
}

function readBatch(text: string, place: Place): readonly Recorded[] {
  const batch: Recorded[] = [];
  for (const line of text.split('\n')) {
    const cursor = cursorOf(line);
    if (!cursor || (place.after && compareCursors(cursor, place.after) <= 0)) continue;
    place.after = cursor;
    const recorded = readLineAt(line, cursor);
    if (recorded) batch.push(recorded);
  }
  return batch;
}
