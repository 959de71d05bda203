// The one consumer of the event stream: moves events from Redis to fsynced segments, then trims the stream.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { RedisTrouble, type Redis } from '../lib/script.ts';
import type { EventsConfig } from './config.ts';
import { cursorText, parseCursor, streamId, type Cursor } from './cursor.ts';
import { lastCursor } from './end.ts';
import { makeFolder, removeOld } from './folder.ts';
import { makeLease, type Lease } from './lease.ts';
import { linesOf, type Entry } from './line.ts';
import { keepPacked } from './packing.ts';
import { makeWriter, type Writer } from './writer.ts';

export type SegmentsDeps = Readonly<{
  /** A connection that may wait for seconds: purpose "events". */
  redis: Redis;
  clock: Clock;
  log: Log;
  config: EventsConfig;
  /** Folder of the segments, "<data>/events"; made when it is missing. */
  folder: string;
  keys: Readonly<{ stream: string; lease: string }>;
  /** Name of this process, unique among all that run the consumer. */
  owner: string;
}>;

/** What the consumer is doing, for /readyz and /metrics. */
export type SegmentsState = Readonly<{
  /** True while this process holds the lease. */
  working: boolean;
  /** Events written since the process started. */
  written: number;
  /** Cursor of the last event on disk, once known. */
  last: string | undefined;
  /** Why it cannot write just now, one sentence. */
  problem: string | undefined;
}>;

const IDLE_MS = 100;
const STANDBY_MS = 2000;
const TROUBLE_MS = 1000;
const SWEEP_MS = 3_600_000;
const DAY_MS = 86_400_000;
const BATCH = 500;
/** Lines are written in pieces of about so many characters. */
const PIECE = 1024 * 1024;

type Work = { last: Cursor | undefined; resuming: boolean; epoch: string; written: number; sweepAt: number };

/** Makes the consumer. `run` works, or stands by, until `signal` aborts; it never throws. */
export function makeSegments(
  deps: SegmentsDeps,
): Readonly<{ run(signal: AbortSignal): Promise<void>; state(): SegmentsState }> {
  const { redis, clock, log, folder, keys, owner } = deps;
  const lease = makeLease({ redis, clock, owner, key: keys.lease, stream: keys.stream });
  const writer = makeWriter({ folder, segmentBytes: deps.config.segmentBytes });
  const work: Work = { last: undefined, resuming: true, epoch: '', written: 0, sweepAt: 0 };
  let problem: string | undefined;

  /** One turn; returns how long to wait before the next. */
  const turn = async (): Promise<number> => {
    if (!(await lease.hold())) {
      await writer.close();
      return STANDBY_MS;
    }
    if (lease.epoch() !== work.epoch) await takeOver(deps, { work, writer, epoch: lease.epoch() });
    await sweep(deps, work);
    const full = await moveBatch(deps, { work, writer, lease });
    return full ? 0 : IDLE_MS;
  };

  const move = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const waitMs = await turn().then(
        (ms) => {
          if (problem !== undefined) log.info({}, 'Events are written to disk again.');
          problem = undefined;
          return ms;
        },
        (error: unknown) => {
          work.resuming = true; // the answer to a trim may be lost: begin where the disk ends
          const sentence = explain(error, folder);
          if (sentence !== problem) log.warn({ error: String(error) }, sentence);
          problem = sentence;
          return TROUBLE_MS;
        },
      );
      await clock.sleep(waitMs, signal);
    }
    await writer.close();
    await lease.release();
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    const isOurs = (): boolean => lease.epoch() !== '';
    await Promise.all([move(signal), keepPacked({ ...deps, isOurs }, signal)]);
  };

  const state = (): SegmentsState => ({
    working: lease.epoch() !== '',
    written: work.written,
    last: work.last && cursorText(work.last),
    problem,
  });
  return { run, state };
}

type Tools = Readonly<{ work: Work; writer: Writer; lease: Lease }>;

/** A new holder of the lease begins a segment of its own: the one before may still be writing, and never for long. */
async function takeOver(
  { folder, log }: SegmentsDeps,
  { work, writer, epoch }: Readonly<{ work: Work; writer: Writer; epoch: string }>,
): Promise<void> {
  await writer.close();
  await makeFolder(folder);
  work.last = await lastCursor(folder);
  work.resuming = true;
  work.epoch = epoch;
  log.info({ last: work.last && cursorText(work.last) }, 'This process writes the events to disk.');
}

/** Moves up to a batch of entries; true when there are probably more. */
async function moveBatch(deps: SegmentsDeps, { work, writer, lease }: Tools): Promise<boolean> {
  const entries = await readEntries(deps, work);
  let text = '';
  let start: Cursor | undefined;
  let events = 0;
  let last = work.last;
  for (const entry of entries) {
    const id = parseCursor(entry.id);
    if (!id) continue;
    const from = firstToWrite(id, work.last);
    const lines = linesOf(entry, from);
    if (lines.text !== '') start ??= { ...id, n: from };
    text += lines.text;
    events += Math.max(0, lines.count - from);
    last = { ...id, n: lines.count - 1 };
    if (start && text.length >= PIECE) {
      await writer.append(text, start);
      text = '';
      start = undefined;
    }
  }
  if (start) await writer.append(text, start);
  await writer.sync();
  // From here on the events are safe on disk.
  work.last = last;
  work.written += events;
  if (last && entries.length > 0 && !(await lease.trim(streamId(last)))) work.epoch = '';
  work.resuming = false;
  return entries.length === BATCH;
}

/** After a crash an entry can be there in part: it goes on after its last whole line. */
function firstToWrite(id: Cursor, last: Cursor | undefined): number {
  return last && last.ms === id.ms && last.seq === id.seq ? last.n + 1 : 0;
}

async function readEntries({ redis, keys }: SegmentsDeps, work: Work): Promise<readonly Entry[]> {
  const from = work.last === undefined ? '-' : `${work.resuming ? '' : '('}${streamId(work.last)}`;
  const answer = await redis.call('XRANGE', keys.stream, from, '+', 'COUNT', BATCH);
  return Array.isArray(answer) ? answer.flatMap(readEntry) : [];
}

function readEntry(raw: unknown): readonly Entry[] {
  if (!Array.isArray(raw) || !Array.isArray(raw[1])) return [];
  const values = raw[1].map(String);
  const field = (name: string): string | undefined => {
    const at = values.findIndex((value, i) => i % 2 === 0 && value === name);
    return at < 0 ? undefined : values[at + 1];
  };
  return [{ id: String(raw[0]), event: field('e') ?? '', pairs: field('r') }];
}

async function sweep({ clock, folder, config, log }: SegmentsDeps, work: Work): Promise<void> {
  if (clock.ticks() < work.sweepAt) return;
  work.sweepAt = clock.ticks() + SWEEP_MS;
  const removed = await removeOld(folder, clock.now() - config.keepDays * DAY_MS);
  if (removed.length > 0) log.info({ removed }, `Removed events older than ${config.keepDays} days.`);
}

/** What an operator should know and do; events wait in Redis meanwhile and none is lost. */
function explain(error: unknown, folder: string): string {
  if (error instanceof RedisTrouble) return 'Redis does not answer; events go to disk when it is back.';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `The disk of ${folder} is full: events wait in Redis until you free some space.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `Events cannot be written to ${folder}: check that Postino may write there.`;
  return `Events cannot be written to ${folder}; they wait in Redis, trying again every second.`;
}
