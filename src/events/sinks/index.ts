// Sinks: where events go. Each reads the history at its own pace from its own cursor, and slows nobody.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { cursorText, parseCursor, type Cursor, type History, type Recorded } from '../history.ts';

export type Sink = Readonly<{
  /** Names its cursor file: lower-case letters, digits and "-". */
  name: string;
  /** Where it begins the first time: with all that is kept, or with what comes. */
  start: 'oldest' | 'newest';
  /** Takes a batch, in order. When it throws the same batch comes again later; it may see repeats after a crash. */
  take(batch: readonly Recorded[], signal: AbortSignal): Promise<void>;
}>;

export type SinksDeps = Readonly<{
  history: History;
  /** Folder of the cursors, "<data>/events/cursors". */
  folder: string;
  sinks: readonly Sink[];
  clock: Clock;
  log: Log;
}>;

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;

/** Feeds all sinks until `signal` aborts. A sink that fails is tried again with growing waits. Never throws. */
export async function runSinks(deps: SinksDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(deps.sinks.map((sink) => runSink(sink, deps, signal)));
}

async function runSink(sink: Sink, deps: SinksDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  let waitMs = FIRST_WAIT_MS;
  let failing = false;
  const progress = (): void => {
    if (failing) log.info({ sink: sink.name }, 'The event sink works again.');
    failing = false;
    waitMs = FIRST_WAIT_MS;
  };
  while (!signal.aborted) {
    try {
      await feed(sink, deps, { signal, progress });
    } catch (error) {
      const sentence = `The event sink "${sink.name}" failed; its events wait on disk and it is tried again.`;
      if (!failing) log.warn({ sink: sink.name, error: String(error) }, sentence);
      failing = true;
      await clock.sleep(waitMs, signal);
      waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
    }
  }
}

async function feed(
  sink: Sink,
  { history, folder }: SinksDeps,
  { signal, progress }: Readonly<{ signal: AbortSignal; progress: () => void }>,
): Promise<void> {
  const after = (await readCursor(folder, sink.name)) ?? (await firstCursor(sink, folder, history));
  for await (const batch of history.follow(after, signal)) {
    await sink.take(batch, signal);
    const last = batch.at(-1);
    if (last) await keepCursor(folder, sink.name, last.cursor);
    progress();
    if (signal.aborted) return;
  }
}

/** Kept at once: a restart before the first event must not skip it. */
async function firstCursor(sink: Sink, folder: string, history: History): Promise<Cursor> {
  const first = (sink.start === 'newest' ? await history.end() : undefined) ?? { ms: 0, seq: 0, n: 0 };
  await keepCursor(folder, sink.name, first);
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
