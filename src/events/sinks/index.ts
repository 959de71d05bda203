// Sinks: where events go. Each reads the log at its own pace from its own cursor, and slows nobody.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { BEGINNING, type Cursor } from '../cursor.ts';
import type { EventLog, Recorded } from '../log.ts';
import { openCursorFile, type CursorFile } from './cursor-file.ts';

export type Sink = Readonly<{
  /** Names its cursor file: lower-case letters, digits and "-". No two sinks that run may have the same. */
  name: string;
  /** Where it begins the first time: with all that is on disk, or with what comes. */
  start: 'oldest' | 'newest';
  /** Takes a batch, in order. When it throws the same batch comes again later; it may see repeats after a crash. */
  take(batch: readonly Recorded[], signal: AbortSignal): Promise<void>;
}> &
  Keeping;

/**
 * Where a sink's cursor is. kept: on disk, and of several processes only the elected one feeds the sink. own: with what
 * the sink writes, in the same transaction, and of several processes only the elected one feeds it, too. memory: every
 * process feeds its own from where the log ended when it started.
 */
type Keeping =
  | Readonly<{ cursor: 'kept' | 'memory' }>
  | Readonly<{
      cursor: 'own';
      /** The last event that it has; undefined: none yet. Asked for before each beginning, after failures as well. */
      readCursor(): Promise<Cursor | undefined>;
    }>;

export type SinkDeps = Readonly<{
  /** One for all sinks of a process: they share what it reads. */
  events: EventLog;
  /** Folder of the cursors, "<data>/events/cursors". */
  folder: string;
  /** True while this process, and no other, should feed the sinks whose cursor is kept or their own. Default: always. */
  elected?: () => boolean;
  clock: Clock;
  log: Log;
}>;

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
const ELECTION_MS = 250;
/** What the process that was elected before is given to notice, and to write how far its sinks have come. */
const HANDOVER_MS = 1000;

/** Feeds all sinks until `signal` aborts. Never throws. */
export async function runSinks(
  { sinks, ...deps }: SinkDeps & Readonly<{ sinks: readonly Sink[] }>,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(sinks.map((sink) => runSink(sink, deps, signal)));
}

/**
 * Feeds one sink until `signal` aborts; sinks may come and go at any time. One that fails is tried again with growing
 * waits. Resolves when it will take nothing more and its cursor is kept; never throws.
 */
export async function runSink(sink: Sink, deps: SinkDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, elected = () => true } = deps;
  const isOurs = (): boolean => sink.cursor === 'memory' || elected();
  const trouble = makeTrouble(sink, log);
  const file = sink.cursor === 'kept' ? openCursorFile(deps, sink.name) : undefined;
  let cursor: Cursor | undefined;
  while (!signal.aborted) {
    if (!isOurs()) {
      cursor = undefined; // the elected process moves it on
      await clock.sleep(ELECTION_MS, signal);
      if (isOurs()) await clock.sleep(HANDOVER_MS, signal);
      continue;
    }
    const round = new AbortController();
    const stop = (): void => round.abort();
    const watch = clock.every(ELECTION_MS, () => isOurs() || stop());
    signal.addEventListener('abort', stop, { once: true });
    try {
      cursor ??= await firstCursor(sink, file, deps);
      await feed(sink, file, {
        cursor: (await ownCursor(sink)) ?? cursor,
        events: deps.events,
        signal: round.signal,
        progress: (at) => {
          if (sink.cursor !== 'own') cursor = at;
          trouble.over();
        },
      });
    } catch (error) {
      await clock.sleep(trouble.waitMs(error), signal);
    } finally {
      signal.removeEventListener('abort', stop);
      watch();
    }
  }
}

/** Says once that a sink fails and once that it works again; the waits between double. */
function makeTrouble(sink: Sink, log: Log): Readonly<{ over(): void; waitMs(error: unknown): number }> {
  let nextMs = FIRST_WAIT_MS;
  return {
    over: () => {
      if (nextMs > FIRST_WAIT_MS) log.info({ sink: sink.name }, 'The event sink works again.');
      nextMs = FIRST_WAIT_MS;
    },
    waitMs: (error) => {
      const sentence = `The event sink "${sink.name}" failed; its events wait on disk and it is tried again.`;
      if (nextMs === FIRST_WAIT_MS) log.warn({ sink: sink.name, error: String(error) }, sentence);
      const waitMs = nextMs;
      nextMs = Math.min(nextMs * 2, MAX_WAIT_MS);
      return waitMs;
    },
  };
}

type Feeding = Readonly<{
  events: EventLog;
  cursor: Cursor;
  signal: AbortSignal;
  progress(at: Cursor): void;
}>;

/** Feeds the sink until `signal` aborts or another process is elected. */
async function feed(
  sink: Sink,
  file: CursorFile | undefined,
  { events, cursor, signal, progress }: Feeding,
): Promise<void> {
  try {
    for await (const batch of events.follow(cursor, signal)) {
      await sink.take(batch, signal);
      const last = batch.at(-1)?.cursor ?? cursor;
      progress(last); // first: a cursor that cannot be kept must not make this process repeat the batch
      await file?.move(last);
      if (signal.aborted) return;
    }
  } finally {
    await file?.flush();
  }
}

function ownCursor(sink: Sink): Promise<Cursor | undefined> {
  return sink.cursor === 'own' ? sink.readCursor() : Promise.resolve(undefined);
}

/** Kept at once: a restart before the first event must not skip it. */
async function firstCursor(sink: Sink, file: CursorFile | undefined, { events }: SinkDeps): Promise<Cursor> {
  const kept = await file?.read();
  if (kept) return kept;
  const first = (sink.start === 'newest' ? await events.end() : undefined) ?? BEGINNING;
  await file?.move(first);
  await file?.flush();
  return first;
}
