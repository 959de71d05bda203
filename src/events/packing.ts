// Closed segments are compressed once they are old enough, or made plain again: beside all other work, a little at a time.
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { EventsConfig } from './config.ts';
import { listSegments, namesIn, otherPath, PACKED } from './folder.ts';
import { DamagedSegment, packFrame } from './packed.ts';
import { endRetiring, replaceFile, replaceWith, RETIRED, retire, stampOf, UNFINISHED } from './replace.ts';
import { openSegment, plainSegment, wholeLines, type SegmentFile } from './segment-file.ts';

export type PackingDeps = Readonly<{
  folder: string;
  config: Pick<EventsConfig, 'compress' | 'compressAfter'>;
  clock: Clock;
  log: Log;
  /** True while this process, and no other, looks after the segments. */
  isOurs(): boolean;
}>;

/** How often it looks; sooner where segments are to be compressed at once. */
const EVERY_MS = 60_000;
const FIRST_MS = 1_000;
/** After trouble, such as a full disk. */
const TROUBLE_MS = 600_000;
/** Text of a frame: as long as one read of the log. */
const FRAME = 256 * 1024;
const ABANDONED_MS = 3_600_000;

/** Looks after the closed segments until `signal` aborts. Never throws. */
export async function keepPacked(deps: PackingDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, folder, config } = deps;
  const everyMs = Math.min(EVERY_MS, Math.max(FIRST_MS, config.compressAfter));
  let waitMs = FIRST_MS;
  for (;;) {
    await clock.sleep(waitMs, signal);
    if (signal.aborted) return;
    waitMs = everyMs;
    if (!deps.isOurs()) continue;
    try {
      await packOnce(deps, signal);
    } catch (error) {
      waitMs = TROUBLE_MS;
      log.warn({ error: String(error) }, `Closed segments in ${folder} stay as they are; it is tried again.`);
    }
  }
}

/** Gives every closed segment the form that it should have by now; resolves to how many were changed. */
export async function packOnce(deps: PackingDeps, signal: AbortSignal): Promise<number> {
  const { folder, config, clock } = deps;
  await removeAbandoned(folder, clock.now() - ABANDONED_MS);
  const rest = makeRest(clock, signal);
  const before = clock.now() - config.compressAfter;
  const segments = await listSegments(folder);
  let done = 0;
  for (const [n, { path }] of segments.entries()) {
    const next = segments[n + 1];
    if (signal.aborted || !deps.isOurs()) break;
    if (!config.compress) done += await unpack(path, rest);
    else if (next && next.first.ms <= before) done += await pack(path, rest);
  }
  return done;
}

/** Called after each frame: rejects when it is time to stop. */
type Rest = () => Promise<void>;

/** As long as the work took: half of one thread at most. */
function makeRest(clock: Clock, signal: AbortSignal): Rest {
  let since = clock.ticks();
  return async () => {
    await clock.sleep(Math.max(1, clock.ticks() - since), signal);
    signal.throwIfAborted();
    since = clock.ticks();
  };
}

/** Compresses a plain segment; 0 when there is nothing to do, or it is being written to. */
async function pack(path: string, rest: Rest): Promise<0 | 1> {
  if (path.endsWith(PACKED)) return dropLeftOver(path, rest);
  const before = await stampOf(path);
  if (before === undefined || (await stat(path)).size === 0) return 0;
  const packed = otherPath(path);
  const isSame = async (): Promise<boolean> => (await stampOf(path)) === before;
  const done = await replaceFile(packed, {
    write: async (put) => {
      await using file = plainSegment(await open(path, 'r'));
      for await (const text of pieces(file)) {
        await put(await packFrame(text), text.length);
        await rest();
      }
    },
    mayReplace: isSame,
  });
  if (!done) return 0;
  // Whoever changes lines from here on sees both forms, and changes both.
  const isWhole = (await sumOf(packed, rest)) === (await sumOf(path, rest));
  const isStill = await isSame();
  await retire(isWhole && isStill ? path : packed);
  if (isStill && !isWhole) throw new Error(`${packed} does not read back as it was written`);
  return isWhole && isStill ? 1 : 0;
}

/** Makes a compressed segment plain, for a version of Postino that knows no others. */
async function unpack(path: string, rest: Rest): Promise<0 | 1> {
  if (!path.endsWith(PACKED)) return 0;
  const before = await stampOf(path);
  const isSame = async (): Promise<boolean> => (await stampOf(path)) === before;
  const plain = otherPath(path);
  await using file = await openSegment({ path });
  if (!file) return 0;
  const done = await replaceWith(plain, isSame, async (out) => {
    for await (const text of pieces(file)) {
      await out.writeFile(text);
      await rest();
    }
  });
  if (!done) return 0;
  await retire((await isSame()) ? path : plain);
  return 1;
}

/** Both forms are there when a process died between the two steps of compressing: the compressed one may not be whole. */
async function dropLeftOver(packed: string, rest: Rest): Promise<0> {
  const plain = otherPath(packed);
  if ((await stampOf(plain)) === undefined) return 0;
  const isWhole = await sumOf(packed, rest).then(
    () => true,
    (error: unknown) => {
      if (error instanceof DamagedSegment) return false;
      throw error;
    },
  );
  await retire(isWhole ? plain : packed);
  return 0;
}

/** The whole text: pieces of whole lines, and what is left of a torn one. */
async function* pieces(file: SegmentFile): AsyncGenerator<Buffer> {
  const place = { offset: 0, buffer: Buffer.allocUnsafe(FRAME) };
  yield* wholeLines(file, place);
  const end = await file.size();
  if (place.offset >= end) return;
  const rest = Buffer.allocUnsafe(end - place.offset);
  yield rest.subarray(0, await file.read(rest, place.offset));
}

/** Length and checksum of the text, read back from the disk. */
async function sumOf(path: string, rest: Rest): Promise<string> {
  await using file = await openSegment({ path });
  let [sum, length] = [0, 0];
  if (file)
    for await (const text of pieces(file)) {
      sum = crc32(text, sum);
      length += text.length;
      await rest();
    }
  return `${length} ${sum}`;
}

/** What a process that died has left half written. */
async function removeAbandoned(folder: string, before: EpochMs): Promise<void> {
  const names = await namesIn(folder);
  for (const path of names.map((name) => join(folder, name))) {
    const isHalf = path.endsWith(UNFINISHED);
    if (!isHalf && !path.endsWith(RETIRED)) continue;
    const { ctimeMs = before } = (await stat(path).catch(() => undefined)) ?? {};
    if (ctimeMs >= before) continue;
    await (isHalf ? rm(path, { force: true }) : endRetiring(path));
  }
}
