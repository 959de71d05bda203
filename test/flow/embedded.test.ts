// The embedded Redis: what it keeps, what it survives, and what it refuses.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedRedis, embeddedSocket, startEmbeddedRedis } from '../../src/embedded.ts';
import { ask } from '../../src/embedded/ask.ts';
import { isServerOf } from '../../src/embedded/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { until } from '../support/until.ts';

let data = '';
const running: EmbeddedRedis[] = [];
const processes: ChildProcess[] = [];

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'postino-embedded-'));
});

afterEach(async () => {
  for (const redis of running.splice(0)) await redis.stop();
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  const pidFile = join(data, 'redis', 'redis.pid');
  if (existsSync(pidFile)) kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

async function start(folder = data, log: Log = silentLog): Promise<EmbeddedRedis> {
  const server = process.env['POSTINO_REDIS_SERVER'];
  const redis = await startEmbeddedRedis({ data: folder, log, clock: systemClock, server });
  running.push(redis);
  return redis;
}

/** The reply to one command, without its line ends. */
async function tell(socket: string, ...command: string[]): Promise<string> {
  const answer = await ask(socket, command, systemClock, 2000);
  return answer.is === 'answered' ? answer.text.replaceAll('\r\n', ' ').trim() : answer.is;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

type Report = Readonly<{ pid?: number; socket?: string; problem?: string }>;

/** Starts another process that supervises a Redis on `data`; tells what it said when it was ready. */
async function otherProcess(): Promise<Readonly<{ child: ChildProcess; said: Report }>> {
  const child = spawn(process.execPath, ['test/support/embedded-process.ts', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, said: JSON.parse(String(line)) };
}

describe('the embedded Redis', () => {
  test('runs with the settings that "250 means safe" needs', async () => {
    const { socket } = await start();
    expect(await tell(socket, 'CONFIG', 'GET', 'appendonly')).toContain('yes');
    expect(await tell(socket, 'CONFIG', 'GET', 'appendfsync')).toContain('always');
    expect(await tell(socket, 'CONFIG', 'GET', 'no-appendfsync-on-rewrite')).toMatch(/ no$/);
    expect(await tell(socket, 'CONFIG', 'GET', 'maxmemory-policy')).toContain('noeviction');
    expect(await tell(socket, 'CONFIG', 'GET', 'save')).toBe('*2 $4 save $0');
    expect(await tell(socket, 'CONFIG', 'GET', 'port')).toMatch(/ 0$/);
    expect(await tell(socket, 'CONFIG', 'GET', 'hash-max-*value')).toContain('1024');
  });

  test('keeps its data over a stop and a start, and leaves no socket, pid file or process', async () => {
    const first = await start();
    expect(embeddedSocket(data)).toBe(first.socket);
    await tell(first.socket, 'SET', 'a', '1');
    const pid = first.pid();
    await first.stop();
    running.pop();
    expect(isServerOf(pid, join(data, 'redis'))).toBe(false);
    expect(embeddedSocket(data)).toBeUndefined();
    for (const file of ['postino.pid', 'postino.lock-journal', 'redis/redis.pid', 'redis/redis.sock'])
      expect(existsSync(join(data, file)), file).toBe(false);
    expect(await tell((await start()).socket, 'GET', 'a')).toBe('$1 1');
  });

  test('is adopted with its data when its Postino was killed', async () => {
    const { child, said } = await otherProcess();
    await tell(said.socket ?? '', 'SET', 'a', '1');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = await start();
    expect(next.pid()).toBe(said.pid);
    expect(await tell(next.socket, 'GET', 'a')).toBe('$1 1');
    await next.stop();
    running.pop();
    expect(isServerOf(said.pid ?? 0, join(data, 'redis'))).toBe(false);
  });

  test('is watched after an adoption as before', async () => {
    const { child, said } = await otherProcess();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const next = await start();
    kill(said.pid ?? 0, 'SIGKILL');
    await until(async () => next.pid() !== said.pid && (await tell(next.socket, 'PING')) === '+PONG');
  });

  test('is replaced when a killed Postino left it without a socket', async () => {
    const { child, said } = await otherProcess();
    await tell(said.socket ?? '', 'SET', 'a', '1');
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(said.socket ?? '');
    const next = await start();
    expect(next.pid()).not.toBe(said.pid);
    expect(isServerOf(said.pid ?? 0, join(data, 'redis'))).toBe(false);
    expect(await tell(next.socket, 'GET', 'a')).toBe('$1 1');
  });

  test('starts over stale sockets, pid files and lock files', async () => {
    const { child, said } = await otherProcess();
    await tell(said.socket ?? '', 'SET', 'a', '1');
    child.kill('SIGKILL');
    kill(said.pid ?? 0, 'SIGKILL');
    await once(child, 'exit');
    writeFileSync(join(data, 'redis', 'redis.pid'), String(process.pid)); // the pid went to somebody else
    expect(existsSync(said.socket ?? '')).toBe(true);
    expect(await tell((await start()).socket, 'GET', 'a')).toBe('$1 1');
  });

  test('is restarted when it dies, and says so', async () => {
    const redis = await start();
    let told = 0;
    redis.onExit(() => told++);
    await tell(redis.socket, 'SET', 'a', '1');
    for (let round = 1; round <= 3; round++) {
      const before = redis.pid();
      kill(before, 'SIGKILL');
      await until(async () => redis.pid() !== before && (await tell(redis.socket, 'PING')) === '+PONG');
      expect(told).toBe(round);
    }
    expect(await tell(redis.socket, 'GET', 'a')).toBe('$1 1');
  });

  test('can be stopped while it is down', async () => {
    const redis = await start();
    kill(redis.pid(), 'SIGKILL');
    await redis.stop();
    running.pop();
    await start();
  });

  test('refuses a second Postino on the same folder, also from the same process', async () => {
    const { child } = await otherProcess();
    const sentence = `another Postino (pid ${child.pid}) is already running on this data folder`;
    const [, third] = await Promise.all([expect(start()).rejects.toThrow(sentence), otherProcess()]);
    expect(third.said.problem).toContain(sentence);
    child.kill('SIGTERM');
    await once(child, 'exit');
    await start();
    await expect(start()).rejects.toThrow(`(pid ${process.pid})`);
  });

  test('waits for an instance that is just ending', async () => {
    const { child } = await otherProcess();
    child.kill('SIGTERM');
    await start();
  });

  test('lives in a folder whose path is too long for a socket', async () => {
    const deep = join(data, 'a folder with a long name '.repeat(5));
    const redis = await start(deep);
    expect(Buffer.byteLength(redis.socket)).toBeLessThan(104);
    expect(embeddedSocket(deep)).toBe(redis.socket);
    expect(await tell(redis.socket, 'PING')).toBe('+PONG');
    await redis.stop();
    running.pop();
    expect(existsSync(redis.socket)).toBe(false);
  });
});

test('whoever may not look into the data folder is told so, and not that nothing runs', () => {
  const data = mkdtempSync(join(tmpdir(), 'postino-'));
  // A file in the place of the folder: root may look everywhere, but not through that.
  writeFileSync(join(data, 'redis'), '');
  expect(() => embeddedSocket(data)).toThrow('run the command as the user that runs Postino');
  rmSync(data, { recursive: true });
});

/** A file system of 16 MB at `folder`; false where we may not mount one. */
function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a full disk ends Redis, which is said once, and comes back with its data when there is room', async ({
  skip,
}) => {
  const disk = mkdtempSync(join(tmpdir(), 'postino-disk-'));
  if (!mountSmallDisk(disk)) skip('mounting a small file system takes root');
  const warnings: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (_fields, sentence) => void warnings.push(sentence),
    child: () => log,
  };
  try {
    const redis = await start(disk, log);
    await tell(redis.socket, 'SET', 'a', '1');
    writeFileSync(join(disk, 'filler'), Buffer.alloc(15_800_000));
    const kilobyte = 'x'.repeat(1024);
    for (let i = 0; i < 2000 && warnings.length === 0; i++)
      await tell(redis.socket, 'SET', `b${i}`, kilobyte);
    await systemClock.sleep(2000); // several restarts, each of which fails
    expect(warnings).toEqual([expect.stringContaining('because its disk is full: free some space')]);
    rmSync(join(disk, 'filler'));
    await until(async () => (await tell(redis.socket, 'SET', 'c', '1')) === '+OK');
    expect(await tell(redis.socket, 'GET', 'a')).toBe('$1 1');
    await redis.stop();
    running.pop();
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  }
});

describe('a data folder that will not do is refused in one sentence', () => {
  test('because it is a file', async () => {
    writeFileSync(join(data, 'file'), '');
    await expect(start(join(data, 'file'))).rejects.toThrow(/cannot be read and written by this user/);
  });

  test.skipIf(process.getuid?.() === 0)(
    'because it belongs to somebody else (not tested as root)',
    async () => {
      chmodSync(data, 0o500);
      await expect(start()).rejects.toThrow(/cannot be read and written by this user/);
      chmodSync(data, 0o700);
    },
  );

  test('because the append-only file is damaged', async () => {
    mkdirSync(join(data, 'redis', 'appendonlydir'), { recursive: true });
    writeFileSync(join(data, 'redis', 'appendonlydir', 'appendonly.aof.manifest'), 'no manifest\n');
    await expect(start()).rejects.toThrow(/embedded Redis did not start .*redis\.log/);
  });

  test('because the program is not there', async () => {
    const server = join(data, 'no-such-server');
    const options = { data, log: silentLog, clock: systemClock, server };
    await expect(startEmbeddedRedis(options)).rejects.toThrow(
      /no-such-server could not be run: install Redis/,
    );
  });

  test('because a server of another folder answers on the socket', async () => {
    mkdirSync(join(data, 'redis'));
    const stranger = createServer((socket) => socket.end('*2\r\n$3\r\ndir\r\n$4\r\n/tmp\r\n'));
    stranger.listen(join(data, 'redis', 'redis.sock'));
    await once(stranger, 'listening');
    await expect(start()).rejects.toThrow(/keeps its data in \/tmp/);
    stranger.close();
  });
});
