// A body of which only a part is in memory: in its place stands a hole that knows where the bytes are. Pure.
import type { Part } from '../../model/letter.ts';

/** Bytes that stand before the byte `at` of those in memory. */
export type Hole = Readonly<{ at: number; part: Part }>;

/** Offsets are those of the bytes in memory. What looks for parts and texts looks at these alone: no hole is at an edge of one. */
export type Holed = Readonly<{ body: Buffer; holes?: readonly Hole[] }>;

/** The bytes from `start` to `end`, with the holes between them. */
export function sliceOf({ body, holes = [] }: Holed, start: number, end = body.length): Holed {
  return {
    body: body.subarray(start, end),
    holes: holesIn(holes, start, end).map(({ at, part }) => ({ at: at - start, part })),
  };
}

/** One body after the other. */
export function joinHoled(pieces: readonly (Buffer | Holed)[]): Holed {
  const bodies: Buffer[] = [];
  const holes: Hole[] = [];
  let size = 0;
  for (const piece of pieces) {
    const { body, holes: inside = [] } = Buffer.isBuffer(piece) ? { body: piece } : piece;
    for (const { at, part } of inside) holes.push({ at: size + at, part });
    bodies.push(body);
    size += body.length;
  }
  return { body: Buffer.concat(bodies), holes };
}

/** The same range as parts of a letter. */
export function partsOf({ body, holes = [] }: Holed, start: number, end: number): readonly Part[] {
  const parts: Part[] = [];
  let from = start;
  for (const { at, part } of holesIn(holes, start, end)) {
    parts.push(body.subarray(from, at), part);
    from = at;
  }
  if (end > from) parts.push(body.subarray(from, end));
  return parts;
}

/** True when not all between `start` and `end` is in memory. */
export function hasHole({ holes = [] }: Holed, start: number, end: number): boolean {
  return holesIn(holes, start, end).length > 0;
}

function holesIn(holes: readonly Hole[], start: number, end: number): readonly Hole[] {
  return holes.length === 0 ? holes : holes.filter(({ at }) => at > start && at < end);
}
