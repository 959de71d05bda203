// Processes of the fault tests: started with a log file, ended by pid, and never left behind when the tests are killed.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MxOptions } from './mx.ts';

const root = join(import.meta.dirname, '..', '..');
const MAIN = join(root, 'src', 'main.ts');
const READY = 'Postino is up';
const READY_MS = 90_000;
const GONE_MS = 40_000;

/** One process of the relay, started again and again with the same arguments. */
export type Relay = Readonly<{
  name: string;
  /** Starts it. Resolves when it says that it is up; rejects when it ends before, or takes too long. */
  start(): Promise<void>;
  /** Starts it and does not wait. */
  launch(): void;
  pid(): number;
  running(): boolean;
  freeze(): void;
  kill9(): Promise<void>;
  /** SIGTERM; resolves to the exit code. Rejects when it does not end in time. */
  terminate(): Promise<number>;
}>;

export type RelayOptions = Readonly<{
  name: string;
  folder: string;
  config: string;
  roles?: readonly string[];
  /** Command and arguments to run it by, such as unshare. */
  through?: readonly string[];
}>;

/** As the launcher does it: compiled code is kept, so that a start costs half. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'postino-test-compiled') };

export function makeRelay({ name, folder, config, roles = [], through = [] }: RelayOptions): Relay {
  const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
  const words = [process.execPath, MAIN, 'start', '--config', config];
  for (const role of roles) words.push('--role', role);
  const [program = '', ...args] = [...through, ...words];
  let child: ChildProcess | undefined;
  let up: Promise<void> = Promise.resolve();
  const launch = (): void => {
    const started = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    started.stderr?.pipe(log, { end: false });
    up = untilUp(started, name, log);
    up.catch(() => undefined);
    child = dieWithUs(started);
  };
  const alive = (): ChildProcess | undefined =>
    child && child.exitCode === null && child.signalCode === null ? child : undefined;
  return {
    name,
    launch,
    start: () => {
      launch();
      return up;
    },
    pid: () => child?.pid ?? 0,
    running: () => alive() !== undefined,
    freeze: () => void alive()?.kill('SIGSTOP'),
    kill9: async () => {
      const victim = alive();
      if (!victim) return;
      const gone = exited(victim);
      victim.kill('SIGKILL');
      await gone;
    },
    terminate: async () => {
      const ending = alive();
      if (!ending) return child?.exitCode ?? -1;
      const gone = exited(ending);
      ending.kill('SIGTERM');
      await within(gone, GONE_MS, `${name} did not end after SIGTERM`);
      return ending.exitCode ?? -1;
    },
  };
}

/** The MX; resolves to its ports, one for each site. */
export async function startMx(
  options: MxOptions,
): Promise<Readonly<{ ports: readonly number[]; stop(): Promise<void> }>> {
  const child = startChild('mx.ts', options);
  const listening = new Promise<readonly number[]>((resolve, reject) => {
    child.process.once('message', (ports) => resolve(Array.isArray(ports) ? ports.map(Number) : []));
    child.process.once('exit', () => reject(new Error('the MX ended')));
  });
  return { ports: await listening, stop: child.stop };
}

/** A process of the tests themselves, which ends with us: a file of this folder, with its options. */
export function startChild(
  file: string,
  options: object,
): Readonly<{ process: ChildProcess; stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(options)], {
    execArgv: [],
    stdio: 'inherit',
  });
  return {
    process: child,
    stop: async () => {
      const gone = exited(child);
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function untilUp(child: ChildProcess, name: string, log: NodeJS.WritableStream): Promise<void> {
  const up = new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      said = (said + chunk.toString()).slice(-4096);
      if (said.includes(READY)) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${name} ended (${code ?? signal}): ${said}`)));
  });
  return within(up, READY_MS, `${name} was not up in time`);
}

/** A shell waits for our end of its pipe to close. */
function dieWithUs(child: ChildProcess): ChildProcess {
  const watch = spawn('sh', ['-c', `read line; kill -9 ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watch.unref();
  child.once('exit', () => watch.kill('SIGKILL'));
  return child;
}

export async function within<T>(work: Promise<T>, ms: number, complaint: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${complaint} within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}
