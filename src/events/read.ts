// Reading the log forward: batches of events from a cursor on, to the end or for as long as somebody listens.
import { open } from 'node:fs/promises';
import { compareCursors, type Cursor } from './cursor.ts';
import { isMissing, listSegments, type Segment } from './folder.ts';
import { cursorOf, readLineAt, type Recorded } from './line.ts';

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

/** `buffer` is what each read of one reader is made into. */
type Place = { segment: Segment; offset: number; after: Cursor | undefined; buffer: Buffer };

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
        place = { ...place, segment: next, offset: 0 };
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
  return segment && { segment, offset: 0, after, buffer: Buffer.allocUnsafe(BLOCK) };
}

function following(segments: readonly Segment[], current: Segment): Segment | undefined {
  const at = segments.findIndex((segment) => segment.name === current.name);
  if (at >= 0) return segments[at + 1];
  return segments.find((segment) => compareCursors(segment.first, current.first) > 0); // it was too old and is gone
}

/** Reads the segment from the place to its present end, and moves the place. */
async function* readOn(place: Place): AsyncGenerator<Batch> {
  const file = await open(place.segment.path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!file) return;
  try {
    for (;;) {
      const { buffer } = place;
      const { bytesRead } = await file.read(buffer, 0, buffer.length, place.offset);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      if (end === 0 && bytesRead < buffer.length) return;
      if (end === 0) place.buffer = Buffer.allocUnsafe(buffer.length * 2); // for a line that is longer
      const events = readBatch(buffer.toString('utf8', 0, end), place);
      place.offset += end;
      if (events.length > 0) yield { events, bytes: end };
    }
  } finally {
    await file.close();
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
