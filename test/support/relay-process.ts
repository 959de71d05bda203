// Postino as a child process: free ports, start, end, commands.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isServerOf } from '../../src/embedded/server.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const READY_MS = 60_000;
const COMMAND_MS = 60_000;

/**
 * Ports that are free now, below those that the system gives to outgoing connections: so that a restarted relay finds
 * them free again.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

type Launch = Readonly<{
  log: string;
  data: string;
  environment: NodeJS.ProcessEnv;
  /** Entry file; that of this checkout unless said otherwise. */
  main?: string | undefined;
}>;

/** Starts Postino; resolves when its banner is out, rejects with its last words. */
export async function launch(
  args: readonly string[],
  { log, data, environment, main = MAIN }: Launch,
): Promise<ChildProcess> {
  const before = existsSync(log) ? readFileSync(log).length : 0;
  const output = openSync(log, 'a', 0o600);
  const child = spawn(process.execPath, [main, ...args], {
    env: environment,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  dieWithUs(child, data);
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const said = readFileSync(log).subarray(before).toString('utf8');
    if (said.includes('Postino is up on')) return child;
    if (!isRunning(child))
      throw new Error(`Postino ended with code ${child.exitCode ?? child.signalCode}: ${said}`);
    if (performance.now() > deadline) throw new Error(`Postino is not up after ${READY_MS} ms: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * A test that is killed leaves neither Postino nor its Redis behind: a shell waits for our end of its pipe to close, and
 * kills what still is what it was.
 */
function dieWithUs(child: ChildProcess, data: string): void {
  const script = `read line
    grep -q "src/main.ts" /proc/${child.pid}/cmdline && kill -9 ${child.pid}
    sleep 0.1
    redis=$(cat "$0/redis/redis.pid")
    [ "$(readlink /proc/$redis/cwd)" = "$(readlink -f "$0/redis")" ] && kill -9 $redis`;
  const watch = spawn('sh', ['-c', script, data], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  watch.unref();
}

export function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Resolves when it has ended; kills it and rejects after `ms`. */
export function exited(child: ChildProcess, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Postino (pid ${child.pid}) did not end within ${ms} ms; it was killed`));
    }, ms);
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
  });
}

/** The embedded Redis that runs on a data folder; undefined when none does. */
export function redisPidIn(data: string): number | undefined {
  const folder = join(data, 'redis');
  const file = join(folder, 'redis.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  return Number.isInteger(pid) && pid > 1 && isServerOf(pid, realpathSync(folder)) ? pid : undefined;
}

/** Runs a command of Postino to its end, at most a minute. */
export async function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Readonly<{ code: number | null; stdout: string; stderr: string }>> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env,
    timeout: COMMAND_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}
