// One redis-server (or valkey-server) process on a folder: starting, finding, adopting and ending it.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { type Answer, ask, valueIn } from './ask.ts';
import { StartProblem } from './problem.ts';

/** What every function here is told about the server. */
export type Place = Readonly<{
  /** Real path of its working folder. */
  folder: string;
  socket: string;
  /** Path of the program; without it redis-server or valkey-server from the PATH. */
  program?: string | undefined;
  clock: Clock;
  log: Log;
}>;

/** up: answers PING; ended: the process is gone, with its last words; unable: there is no such program. */
export type Started =
  | Readonly<{ is: 'up'; pid: number }>
  | Readonly<{ is: 'ended'; why: string }>
  | Readonly<{ is: 'unable' }>;

const ANSWER_MS = 2000;
const READY_POLL_MS = 15;
const SAY_LOADING_MS = 5000;
const SILENT_MS = 60_000;
const SHUTDOWN_MS = 15_000;
const MAX_LOG_BYTES = 1_000_000;

/** Settings that may also be changed while it runs; what "250 means safe" rests on is among them. */
const SETTINGS: Readonly<Record<string, string>> = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'aof-load-truncated': 'yes',
  'maxmemory-policy': 'noeviction',
  save: '',
  'protected-mode': 'yes',
  // Delivery records are small hashes with one long field; these names are known to Redis 6 as well.
  'hash-max-ziplist-value': '1024',
  'hash-max-ziplist-entries': '128',
};

/** Starts the program and waits until it answers; a long load of the append-only file is waited for without limit. */
export async function startServer(place: Place, signal: AbortSignal): Promise<Started> {
  for (const program of place.program ? [place.program] : ['redis-server', 'valkey-server']) {
    const started = await startProgram(program, place, signal);
    if (started.is !== 'unable') return started;
  }
  return { is: 'unable' };
}

async function startProgram(program: string, place: Place, signal: AbortSignal): Promise<Started> {
  const output = openSync(logFile(place.folder), 'a', 0o600);
  // Detached: Ctrl-C at the terminal must not reach Redis before our own work is put away.
  const child = spawn(program, argumentsFor(place), {
    cwd: place.folder,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const state = { gone: false, unable: false };
  child.on('error', () => (state.gone = state.unable = true));
  child.on('exit', () => (state.gone = true));
  const ready = await untilReady(place, () => state.gone || signal.aborted).catch((error: unknown) => error);
  if (ready === true) return { is: 'up', pid: child.pid ?? 0 };
  if (state.unable) return { is: 'unable' };
  if (child.pid && !state.gone) await endServer(child.pid, place);
  return { is: 'ended', why: ready instanceof Error ? ready.message : lastWords(place.folder) };
}

/**
 * The server that an earlier, killed Postino left on this folder: its pid once it answers. One that lives but cannot be
 * reached (its socket was removed) is ended, because two servers on one append-only file destroy it.
 */
export async function adoptServer(place: Place): Promise<number | undefined> {
  const { folder, socket, clock } = place;
  const left = leftPid(folder);
  const alive = (): boolean => left !== undefined && isServerOf(left, folder);
  const first = await ask(socket, ['PING'], clock, ANSWER_MS);
  if (first.is === 'absent') {
    if (left !== undefined && alive()) await endServer(left, place);
    return undefined;
  }
  await untilReady(place, () => left !== undefined && !alive());
  const pid = Number(valueIn(textOf(await ask(socket, ['INFO', 'server'], clock, ANSWER_MS)), 'process_id'));
  const where = valueIn(textOf(await ask(socket, ['CONFIG', 'GET', 'dir'], clock, ANSWER_MS)), 'dir');
  if (where !== undefined && where !== folder)
    throw new StartProblem(
      `The Redis at ${socket} keeps its data in ${where}: end it (kill ${pid}) and start again.`,
    );
  if (!pid) return undefined;
  for (const [name, value] of Object.entries(SETTINGS))
    await ask(socket, ['CONFIG', 'SET', name, value], clock, ANSWER_MS);
  return pid;
}

/** Ends a server in good order and waits until it is gone; after 15 s it is killed, which loses nothing acknowledged. */
export async function endServer(pid: number, place: Place): Promise<void> {
  const { folder, socket, clock } = place;
  const answer = await ask(socket, ['SHUTDOWN'], clock, ANSWER_MS);
  if (answer.is !== 'absent' || isServerOf(pid, folder)) signalServer(pid, folder, 'SIGTERM');
  const deadline = clock.ticks() + SHUTDOWN_MS;
  while (isServerOf(pid, folder)) {
    if (clock.ticks() > deadline) signalServer(pid, folder, 'SIGKILL');
    await clock.sleep(READY_POLL_MS);
  }
}

/** Whether the process `pid` is a live server on `folder`; a pid that was given to somebody else is not. */
export function isServerOf(pid: number, folder: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === folder; // zombies have none
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(
      'unixsocket',
    );
  } catch (error) {
    // A hardened process hides its folder: then a live process of our user with that pid counts as the server.
    return error instanceof Error && 'code' in error && error.code === 'EACCES' && canSignal(pid);
  }
}

function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** True when PING is answered, false when `isOver()` says that it never will be. */
async function untilReady({ socket, clock, log }: Place, isOver: () => boolean): Promise<boolean> {
  let heard = clock.ticks();
  let told = clock.ticks();
  while (!isOver()) {
    const answer = await ask(socket, ['PING'], clock, ANSWER_MS);
    const text = textOf(answer);
    if (answer.is === 'answered' && !text.startsWith('-LOADING')) return true;
    if (answer.is === 'answered') heard = clock.ticks();
    if (clock.ticks() - heard > SILENT_MS)
      throw new StartProblem(
        `The Redis at ${socket} has not answered for a minute: end it with kill -9 and start again.`,
      );
    if (text !== '' && clock.ticks() - told > SAY_LOADING_MS) {
      told = clock.ticks();
      log.info({}, 'the embedded Redis is reading its data');
    }
    await clock.sleep(READY_POLL_MS);
  }
  return false;
}

function argumentsFor({ folder, socket }: Place): string[] {
  const fixed = { ...SETTINGS, port: '0', dir: folder, unixsocket: socket, unixsocketperm: '600' };
  const all = { ...fixed, pidfile: join(folder, 'redis.pid'), daemonize: 'no' };
  return Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
}

/** The log of the server; one older file is kept. */
function logFile(folder: string): string {
  const file = join(folder, 'redis.log');
  if (existsSync(file) && statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
  return file;
}

function lastWords(folder: string): string {
  const file = join(folder, 'redis.log');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  return lines.at(-1)?.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ \S /, '') ?? '';
}

function leftPid(folder: string): number | undefined {
  const file = join(folder, 'redis.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

function signalServer(pid: number, folder: string, signal: NodeJS.Signals): void {
  try {
    if (isServerOf(pid, folder)) process.kill(pid, signal);
  } catch {
    // It ended between the two calls.
  }
}

function textOf(answer: Answer): string {
  return answer.is === 'answered' ? answer.text : '';
}
