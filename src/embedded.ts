// Redis as a part of Postino: a server of our own on a unix socket, adopted, restarted and ended with us.
import { statfsSync } from 'node:fs';
import { untilClosed } from './embedded/ask.ts';
import { chooseSocket, forgetSocket, lockFolder, prepareFolder } from './embedded/folder.ts';
import { StartProblem } from './embedded/problem.ts';
import { type Place, adoptServer, endServer, isServerOf, startServer } from './embedded/server.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';

export { embeddedSocket } from './embedded/folder.ts';
export { StartProblem } from './embedded/problem.ts';

/** A running embedded Redis. */
export type EmbeddedRedis = Readonly<{
  /** Path of its unix socket; stays the same through restarts. */
  socket: string;
  /** Its process now; changes when it is restarted. */
  pid(): number;
  /** Calls `task` each time the server has ended without being asked to; it is restarted by itself. */
  onExit(task: () => void): void;
  /** Ends the server in good order and gives the data folder free. */
  stop(): Promise<void>;
}>;

export type EmbeddedOptions = Readonly<{
  /** The data folder; the server's files are in its folder "redis". */
  data: string;
  log: Log;
  clock: Clock;
  /** Path of redis-server or valkey-server; without it, the one on the PATH. */
  server?: string | undefined;
}>;

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;
/** A server that lived this long counts as healthy again. */
const HEALTHY_MS = 10_000;
const WARN_EVERY_MS = 60_000;
const FULL_BYTES = 4_000_000;

/** Starts Redis under `data`, or takes over the one that a killed Postino left there. Throws a StartProblem. */
export async function startEmbeddedRedis(options: EmbeddedOptions): Promise<EmbeddedRedis> {
  const { data, log, clock } = options;
  const folder = prepareFolder(data);
  const unlock = await lockFolder(data, clock);
  try {
    const place: Place = { folder, socket: chooseSocket(folder), program: options.server, clock, log };
    const pid = (await adoptServer(place)) ?? (await firstStart(place));
    return supervise(place, pid, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function firstStart(place: Place): Promise<number> {
  const started = await startServer(place, new AbortController().signal);
  if (started.is === 'up') return started.pid;
  if (started.is === 'unable')
    throw new StartProblem(
      `${place.program ?? 'redis-server or valkey-server'} could not be run: install Redis 7 or Valkey, ` +
        'or name your own Redis in the configuration ("redis: redis://host:6379").',
    );
  throw new StartProblem(`The embedded Redis did not start (${started.why}): see ${place.folder}/redis.log.`);
}

function supervise(place: Place, firstPid: number, unlock: () => void): EmbeddedRedis {
  const stopping = new AbortController();
  const tasks: (() => void)[] = [];
  const state = { pid: firstPid };
  const whileRunning = async (): Promise<void> => {
    const outages = makeOutages(place);
    while (!stopping.signal.aborted) {
      await untilGone(place, state.pid, stopping.signal);
      if (stopping.signal.aborted) return;
      for (const task of tasks) task();
      state.pid = await restart(place, outages, stopping.signal);
    }
  };
  const supervising = whileRunning().catch((error: unknown) =>
    place.log.error({ error }, 'the embedded Redis is no longer supervised: restart Postino'),
  );
  return {
    socket: place.socket,
    pid: () => state.pid,
    onExit: (task) => void tasks.push(task),
    stop: async () => {
      stopping.abort();
      await supervising;
      if (state.pid) await endServer(state.pid, place);
      forgetSocket(place.folder, place.socket);
      unlock();
    },
  };
}

/** A connection that was closed is not yet an end: only the process tells. */
async function untilGone(place: Place, pid: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await untilClosed(place.socket, signal);
    if (!isServerOf(pid, place.folder)) return;
    await place.clock.sleep(FIRST_WAIT_MS, signal);
  }
}

type Outages = ReturnType<typeof makeOutages>;

/** Counts failures for the waiting time, and warns once a minute at most however often the server ends. */
function makeOutages({ folder, clock, log }: Place) {
  let failures = 0;
  let upSince = clock.ticks();
  let warnedAt = Number.NEGATIVE_INFINITY;
  return {
    /** How long to wait before the next start, in milliseconds. */
    next(): number {
      failures = clock.ticks() - upSince > HEALTHY_MS ? 0 : failures + 1;
      const isTold = clock.ticks() - warnedAt < WARN_EVERY_MS;
      if (!isTold) warnedAt = clock.ticks();
      log[isTold ? 'debug' : 'warn']({ folder }, sayEnded(folder));
      return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
    },
    up(pid: number): void {
      upSince = clock.ticks();
      log.info({ pid }, 'the embedded Redis is running again');
    },
  };
}

async function restart(place: Place, outages: Outages, signal: AbortSignal): Promise<number> {
  while (!signal.aborted) {
    await place.clock.sleep(outages.next(), signal);
    if (signal.aborted) break;
    const started = await startServer(place, signal).catch(() => undefined);
    if (started?.is === 'up') {
      outages.up(started.pid);
      return started.pid;
    }
  }
  return 0;
}

function sayEnded(folder: string): string {
  const disk = statfsSync(folder);
  const isFull = disk.bavail * disk.bsize < FULL_BYTES;
  const why = isFull ? 'because its disk is full: free some space' : 'unexpectedly; redis.log there says why';
  return `the embedded Redis ended ${why}. It is started again until it stays, and mail is refused for now`;
}
