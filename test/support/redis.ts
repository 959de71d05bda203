// A redis-server of one's own for a test: unix socket in a temporary folder, fsync at each write.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TestRedis = Readonly<{
  /** For connectRedis and the configuration: "unix:/…/redis.sock". */
  url: string;
  /** Path of the socket, for BullMQ or ioredis. */
  socket: string;
  /** Folder of the append-only file. */
  folder: string;
  pid(): number;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** kill -9. */
  kill9(): Promise<void>;
  /** Starts it again on the same data and socket after kill9. */
  restart(): Promise<void>;
  /** SIGSTOP: sockets stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
}>;

export type TestRedisOptions = Readonly<{ fsync?: 'always' | 'everysec'; config?: readonly string[] }>;

/** Starts a server; `config` takes more of redis-server's arguments, such as ['--maxmemory', '8mb']. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'postino-redis-'));
  const socket = join(folder, 'redis.sock');
  let child = await launch(folder, socket, options);
  const kill9 = async (): Promise<void> => {
    const gone = exited(child);
    child.kill('SIGKILL');
    await gone;
  };
  return {
    url: `unix:${socket}`,
    socket,
    folder,
    pid: () => child.pid ?? 0,
    kill9,
    restart: async () => {
      child = await launch(folder, socket, options);
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      await kill9();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A key prefix that no other test uses. */
export function randomPrefix(): string {
  return `test-${randomBytes(5).toString('hex')}:`;
}

async function launch(folder: string, socket: string, options: TestRedisOptions): Promise<ChildProcess> {
  const binary = process.env['POSTINO_TEST_REDIS'] ?? 'redis-server';
  const fixed =
    '--port 0 --save  --appendonly yes --maxmemory-policy noeviction --aof-load-truncated yes --loglevel warning';
  const args = [...fixed.split(' '), '--unixsocket', socket, '--dir', folder];
  args.push('--appendfsync', options.fsync ?? 'always', ...(options.config ?? []));
  const child = spawn(binary, args, { stdio: 'ignore' });
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  for (let tries = 0; tries < 500; tries++) {
    if (failed) throw new Error(`${binary} could not be started; install Redis or Valkey`, { cause: failed });
    if (child.exitCode !== null) throw new Error(`${binary} ended at once with code ${child.exitCode}`);
    if (await answers(socket)) return dieWithUs(child);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`${binary} did not answer within 10 s`);
}

/** A test that fails or is killed leaves no server behind: a shell waits for our end of its pipe to close. */
function dieWithUs(child: ChildProcess): ChildProcess {
  const watch = spawn('sh', ['-c', `read line; kill -9 ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  child.once('exit', () => watch.kill('SIGKILL'));
  return child;
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    const end = (is: boolean): void => {
      connection.destroy();
      resolve(is);
    };
    connection.once('error', () => end(false));
    connection.once('connect', () => connection.write('PING\r\n'));
    connection.once('data', (bytes) =>
      end(bytes.toString().startsWith('+PONG') || bytes.toString().startsWith('-NOAUTH')),
    );
  });
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
