// The data folder of an embedded Redis: may we write there, is it ours alone, where is the socket.
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../lib/clock.ts';
import { StartProblem } from './problem.ts';

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the final zero. */
const MAX_SOCKET_PATH_BYTES = 103;
/** How long we wait for the lock of an instance that is just ending. */
const LOCK_PATIENCE_MS = 3000;
const LOCK_RETRY_MS = 50;
const SQLITE_BUSY = 5;
/** Where the socket is, for other processes of the same installation. */
const SOCKET_RECORD = 'socket';

/** Makes `data` and `data/redis` and returns the real path of the latter; throws a StartProblem if it cannot. */
export function prepareFolder(data: string): string {
  const folder = join(data, 'redis');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const path of [data, folder, join(folder, 'appendonlydir')])
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return realpathSync(folder);
  } catch (cause) {
    throw new StartProblem(
      `${noAccess(data, cause)}: give it to the user that runs Postino, or set another one as "data" in the configuration.`,
      { cause },
    );
  }
}

/**
 * Keeps every other Postino off `data` until the returned function is called or this process ends, however it ends:
 * the lock is the kernel's (fcntl, by way of SQLite), so a crash leaves nothing to clean up and no pid to guess about.
 */
export async function lockFolder(data: string, clock: Clock): Promise<() => void> {
  const pidFile = join(data, 'postino.pid');
  const deadline = clock.ticks() + LOCK_PATIENCE_MS;
  for (;;) {
    const lock = tryLock(data);
    if (lock) {
      writeFileSync(pidFile, `${process.pid}\n`);
      return () => {
        rmSync(pidFile, { force: true });
        lock.close();
      };
    }
    if (clock.ticks() >= deadline) throw new StartProblem(alreadyRunning(pidFile));
    await clock.sleep(LOCK_RETRY_MS);
  }
}

function tryLock(data: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(data, 'postino.lock'), { timeout: 0 });
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (errcodeOf(cause) === SQLITE_BUSY) return undefined;
    throw new StartProblem(
      `The data folder ${data} cannot be locked (${String(cause)}): Postino needs a file system with working locks.`,
      { cause },
    );
  }
}

function alreadyRunning(pidFile: string): string {
  const pid = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : 'unknown';
  return `another Postino (pid ${pid}) is already running on this data folder: stop it first, or give this one its own "data" folder.`;
}

/** The socket's path: in `folder`, or where that is too long for a socket, in a folder of ours among temporary files. */
export function chooseSocket(folder: string): string {
  const near = join(folder, 'redis.sock');
  const socket =
    Buffer.byteLength(near) <= MAX_SOCKET_PATH_BYTES ? near : join(shortFolder(folder), 'redis.sock');
  writeFileSync(join(folder, SOCKET_RECORD), socket);
  return socket;
}

/**
 * The socket of the Postino that runs on `data`; undefined when none does (or did, and was killed). Throws a StartProblem
 * where this user may not look.
 */
export function embeddedSocket(data: string): string | undefined {
  try {
    return readFileSync(join(data, 'redis', SOCKET_RECORD), 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw new StartProblem(
      `${noAccess(data, cause)}: run the command as the user that runs Postino, or as root.`,
      { cause },
    );
  }
}

/** Removes what says that a Redis runs here. */
export function forgetSocket(folder: string, socket: string): void {
  for (const file of [socket, join(folder, SOCKET_RECORD), join(folder, 'redis.pid')])
    rmSync(file, { force: true });
}

function shortFolder(folder: string): string {
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const short = join(tmpdir(), `postino-${id}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const found = lstatSync(short);
  // Anybody may make a folder of that name in /tmp: only one that nobody else can enter will do.
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0) return short;
  throw new StartProblem(
    `${short} belongs to somebody else: remove it, or use a data folder with a shorter path.`,
  );
}

function noAccess(data: string, cause: unknown): string {
  return `The data folder ${data} cannot be read and written by this user (${codeOf(cause)})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function errcodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
}
