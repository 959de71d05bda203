// What of a large body has to be in memory for a treatment: headers and texts; attachments stay where they are stored.
import { valueOf } from '../../mail/headers.ts';
import { contentTypeOf, splitEntity, type Entity } from '../../mail/mime.ts';
import type { Part } from '../../model/letter.ts';
import type { Hole, Holed } from './holed.ts';
import { isSealed } from './leaves.ts';

/** A range of the body that stays where it is; the rest is read. */
export type Gap = Readonly<{ from: number; to: number }>;

/** Reads so many bytes of a body, fewer at its end. */
type Read = (start: number, size: number) => Promise<Buffer>;

/** A text with more encoded bytes than these is not treated. */
export const MAX_TEXT_BYTES = 3 * 1024 * 1024;
/** All texts of a message that are looked at. */
const MAX_KEPT_BYTES = 3 * MAX_TEXT_BYTES;
const BLOCK_BYTES = 128 * 1024;
/** A smaller part is read with the rest. */
const MIN_GAP_BYTES = 64 * 1024;
/** Bytes at both ends of a gap that are read all the same: line ends, and nothing to be found at an edge. */
const EDGE_BYTES = 64;
/** Boundaries that are looked for, and parts. */
const MAX_MARKERS = 20;
const MAX_RUNS = 1000;
const LF = 10;
const LINE_MARK = Buffer.from('\n--');

/**
 * The gaps of a body with these fields; undefined when it has more parts than are looked through. A part begins behind a line
 * that begins like a delimiter of any multipart met so far: that finds more than the parts that there are, and misses none.
 */
export async function findGaps(
  fields: Buffer,
  size: number,
  read: Read,
): Promise<readonly Gap[] | undefined> {
  const walk: Walk = { size, read, markers: [], gaps: [], room: MAX_KEPT_BYTES };
  const whole = { fields, scan: splitEntity(fields).scan, body: Buffer.alloc(0) };
  const type = learn(walk, whole);
  if (type !== 'multipart') {
    addGap(walk, { from: 0, header: 0, to: size }, type);
    return walk.gaps;
  }
  const first = await nextMarker(walk, 0);
  addGap(walk, { from: 0, header: 0, to: first }, 'other');
  let from = first < size ? await endOfLine(walk, first) : size;
  for (let runs = 0; from !== undefined && from < size; runs++) {
    const run: FoundRun | undefined = runs < MAX_RUNS ? await readRun(walk, from) : undefined;
    if (run) addGap(walk, run, run.type);
    from = run?.next;
  }
  return from === undefined ? undefined : walk.gaps;
}

type Kind = 'multipart' | 'text' | 'other';
type Walk = Readonly<{ size: number; read: Read; markers: Buffer[]; gaps: Gap[] }> & { room: number };
type Run = Readonly<{ from: number; header: number; to: number }>;
type FoundRun = Run & Readonly<{ type: Kind; next: number }>;

/** What stands behind a delimiter line: its header, and where it ends. */
async function readRun(walk: Walk, from: number): Promise<FoundRun | undefined> {
  const block = await walk.read(from, BLOCK_BYTES);
  const cut = firstMarker(block, walk.markers, true);
  const entity = splitEntity(cut < 0 ? block : block.subarray(0, cut));
  const header = (cut < 0 ? block.length : cut) - entity.body.length;
  if (header >= BLOCK_BYTES) return undefined;
  const type = learn(walk, entity);
  if (walk.markers.length > MAX_MARKERS) return undefined;
  const to = await nextMarker(walk, from + header);
  const next = to < walk.size ? await endOfLine(walk, to) : to;
  return next === undefined ? undefined : { from, header, to, type, next };
}

/** The kind of an entity; the delimiter of a multipart is looked for from now on. */
function learn(walk: Walk, entity: Entity): Kind {
  const { type, boundary } = contentTypeOf(entity);
  if (type.startsWith('multipart/') && !isSealed(type) && type !== 'multipart/digest') {
    if (boundary === undefined) return 'other';
    walk.markers.push(Buffer.from(`--${boundary}`, 'latin1'));
    return 'multipart';
  }
  return type.startsWith('text/') && !isAttached(entity) ? 'text' : 'other';
}

function isAttached({ fields, scan }: Entity): boolean {
  const field = scan.find((one) => one.name === 'content-disposition');
  return field !== undefined && /^\s*attachment/i.test(valueOf(fields, field));
}

function addGap(walk: Walk, { from, header, to }: Run, kind: Kind): void {
  const size = to - from - header;
  if (kind === 'text' && size <= Math.min(MAX_TEXT_BYTES, walk.room)) {
    walk.room -= size;
    return;
  }
  const gap = { from: from + header + EDGE_BYTES, to: to - EDGE_BYTES };
  if (gap.to - gap.from >= MIN_GAP_BYTES) walk.gaps.push(gap);
}

/** Where the next line begins that may be a delimiter, from the line at `from` on; the body's size when there is none. */
async function nextMarker({ size, read, markers }: Walk, from: number): Promise<number> {
  const longest = Math.max(...markers.map((marker) => marker.length));
  for (let at = from; at < size; at += BLOCK_BYTES) {
    // A little more than a block, for the line that begins at its end.
    const block = await read(at, BLOCK_BYTES + longest + 1);
    const found = firstMarker(block, markers, at === from);
    if (found >= 0) return at + found;
  }
  return size;
}

function firstMarker(block: Buffer, markers: readonly Buffer[], isLine: boolean): number {
  const isOne = (at: number): boolean =>
    markers.some((marker) => block.subarray(at, at + marker.length).equals(marker));
  if (isLine && isOne(0)) return 0;
  for (let at = block.indexOf(LINE_MARK); at >= 0; at = block.indexOf(LINE_MARK, at + 1))
    if (isOne(at + 1)) return at + 1;
  return -1;
}

async function endOfLine({ size, read }: Walk, from: number): Promise<number | undefined> {
  const block = await read(from, BLOCK_BYTES);
  const lf = block.indexOf(LF);
  if (lf >= 0) return from + lf + 1;
  return from + block.length >= size ? size : undefined;
}

/** A body in memory but for its gaps; `part` gives a range of it as a part of a letter. */
export async function readBetween(
  size: number,
  gaps: readonly Gap[],
  { read, part }: Readonly<{ read: Read; part(start: number, size: number): Part }>,
): Promise<Holed> {
  const pieces: Buffer[] = [];
  const holes: Hole[] = [];
  let at = 0;
  let from = 0;
  for (const gap of [...gaps, { from: size, to: size }]) {
    const piece = await read(from, gap.from - from);
    pieces.push(piece);
    at += piece.length;
    if (gap.to > gap.from) holes.push({ at, part: part(gap.from, gap.to - gap.from) });
    from = gap.to;
  }
  const [only] = pieces;
  return { body: pieces.length === 1 && only ? only : Buffer.concat(pieces), holes };
}
