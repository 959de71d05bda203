// Sinks: where events go. Each reads the history at its own pace from its own cursor, and slows nobody.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { cursorText, parseCursor, type Cursor, type EventLog, type Recorded } from '../log.ts';

export type Sink = Readonly<{
  /** Names its cursor file: lower-case letters, digits and "-". */
  name: string;
  /** Where it begins the first time: with all that is on disk, or with what comes. */
  start: 'oldest' | 'newest';
  /**
   * kept: its cursor is on disk, and of several processes only the elected one feeds it. memory: every process feeds
   * its own from where the history ended when it started.
   */
  cursor: 'kept' | 'memory';
  /** Takes a batch, in order. When it throws the same batch comes again later; it may see repeats after a crash. */
  take(batch: readonly Recorded[], signal: AbortSignal): Promise<void>;
}>;

export type SinksDeps = Readonly<{
  events: EventLog;
  /** Folder of the cursors, "<data>/events/cursors". */
  folder: string;
  sinks: readonly Sink[];
  /** True while this process, and no other, should feed the sinks whose cursor is kept. Default: always. */
  elected?: () => boolean;
  clock: Clock;
  log: Log;
}>;

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;
const ELECTION_MS = 1000;

/** Feeds all sinks until `signal` aborts. A sink that fails is tried again with growing waits. Never throws. */
export async function runSinks(deps: SinksDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(deps.sinks.map((sink) => runSink(sink, deps, signal)));
}

async function runSink(sink: Sink, deps: SinksDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, elected = () => true } = deps;
  const isOurs = (): boolean => sink.cursor === 'memory' || elected();
  const trouble = makeTrouble(sink, log);
  let cursor: Cursor | undefined;
  while (!signal.aborted) {
    if (!isOurs()) {
      if (sink.cursor === 'kept') cursor = undefined; // the elected process moves it on
      await clock.sleep(ELECTION_MS, signal);
      continue;
    }
    const round = new AbortController();
    const stop = clock.every(ELECTION_MS, () => isOurs() || round.abort());
    try {
      cursor ??= await firstCursor(sink, deps);
      await feed(sink, deps, {
        cursor,
        signal: AbortSignal.any([signal, round.signal]),
        progress: (at) => {
          cursor = at;
          trouble.over();
        },
      });
    } catch (error) {
      await clock.sleep(trouble.waitMs(error), signal);
    } finally {
      stop();
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

/** Feeds the sink until `signal` aborts or another process is elected. */
async function feed(
  sink: Sink,
  { events, folder }: SinksDeps,
  {
    cursor,
    signal,
    progress,
  }: Readonly<{ cursor: Cursor; signal: AbortSignal; progress: (at: Cursor) => void }>,
): Promise<void> {
  for await (const batch of events.follow(cursor, signal)) {
    await sink.take(batch, signal);
    const last = batch.at(-1)?.cursor ?? cursor;
    progress(last); // first: a cursor that cannot be kept must not make this process repeat the batch
    if (sink.cursor === 'kept') await keepCursor(folder, sink.name, last);
    if (signal.aborted) return;
  }
}

/** Kept at once: a restart before the first event must not skip it. */
async function firstCursor(sink: Sink, { folder, events }: SinksDeps): Promise<Cursor> {
  const kept = sink.cursor === 'kept' ? await readCursor(folder, sink.name) : undefined;
  if (kept) return kept;
  const first = (sink.start === 'newest' ? await events.end() : undefined) ?? { ms: 0, seq: 0, n: 0 };
  if (sink.cursor === 'kept') await keepCursor(folder, sink.name, first);
  return first;
}

async function readCursor(folder: string, name: string): Promise<Cursor | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => '');
  return parseCursor(text.trim());
}

async function keepCursor(folder: string, name: string, cursor: Cursor): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  await writeFile(`${path}.new`, `${cursorText(cursor)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
