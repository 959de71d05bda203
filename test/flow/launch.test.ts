// The launcher as a process: what it runs, signals, a killed parent, two starts at once, and a real first install.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { until } from '../support/until.ts';

/** Stands where main.ts is: tells who it is, and ends with 7 at the second SIGTERM or with 5 at the first. */
const PROGRAM = `
  const signals: string[] = [];
  for (const name of ['SIGINT', 'SIGTERM'])
    process.on(name, () => {
      signals.push(name);
      console.log(name);
      if (process.argv.includes('--slow') && signals.length < 2) return;
      process.exit(signals.length === 2 ? 7 : 5);
    });
  console.log(JSON.stringify({ pid: process.pid, args: process.argv.slice(2), watched: process.execArgv.includes('--import') }));
  if (process.argv.includes('--end')) process.exit(3);
  setInterval(() => undefined, 1000);
`;
/** Node 20 cannot replace a process, so there the launcher stays as the parent. */
const STAYS = ['--import', 'data:text/javascript,process.execve=undefined'];

let root = '';
const started: { child: ChildProcess; program?: number }[] = [];

beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'postino-launch-'));
  mkdirSync(join(root, 'config'));
  cpSync('src/launch.mjs', join(root, 'src/launch.mjs'));
  cpSync('src/launch', join(root, 'src/launch'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'config/postino.yaml'), 'redis: redis://127.0.0.1:1\n');
  writeFileSync(join(root, 'src/main.ts'), PROGRAM);
});

afterEach(() => {
  for (const { child, program } of started.splice(0))
    for (const pid of [program, child.pid]) if (pid && isAlive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

type Program = Readonly<{ pid: number; args: string[]; watched: boolean }>;

/** Starts a command that starts the launcher; resolves when the program has told who it is. */
async function start(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const [file = '', ...args] = command;
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, npm_lifecycle_event: '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const entry: (typeof started)[number] = { child };
  started.push(entry);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
  await until(() => said.includes('\n'));
  const program: Program = JSON.parse(said.slice(0, said.indexOf('\n')));
  entry.program = program.pid;
  return { child, program, said: () => said };
}

const launch = (...args: string[]): string[] => [process.execPath, 'src/launch.mjs', ...args];
const launchAndStay = (...args: string[]): string[] => [
  process.execPath,
  ...STAYS,
  'src/launch.mjs',
  ...args,
];

function isAlive(pid: number): boolean {
  try {
    return (
      process.kill(pid, 0) &&
      !execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`])
        .toString()
        .startsWith('Z')
    );
  } catch {
    return false;
  }
}

describe('the launcher', () => {
  test('becomes the program, so that no process stands between it and its signals', async () => {
    const { child, program, said } = await start(launch('start', '--role', 'http'));
    expect(program).toEqual({ pid: child.pid, args: ['start', '--role', 'http'], watched: false });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(said()).toContain('SIGTERM');
  });

  test.each([
    ['replaced', launch('queue', '--end')],
    ['as the parent', launchAndStay('queue', '--end')],
  ])('gives the exit code of the program (%s)', async (_name, command) => {
    const { child } = await start(command);
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(3);
  });

  test('hands on the first signal and the second', async () => {
    const { child, program, said } = await start(launchAndStay('start', '--slow'));
    expect(program.pid).not.toBe(child.pid);
    child.kill('SIGTERM');
    await until(() => said().includes('SIGTERM\n'));
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  test('takes the program with it when it is killed', async () => {
    const { child, program } = await start(launchAndStay('start'));
    expect(program.watched).toBe(true);
    child.kill('SIGKILL');
    await until(() => !isAlive(program.pid));
  });

  test.each([
    ['replaced', ''],
    ['as the parent', `--import '${STAYS[1]}'`],
  ])('takes the program with it when npm is killed (%s)', async (_name, flags) => {
    // What npm does: a process of its own, and below it a shell that waits for the script.
    const script = `"${process.execPath}" ${flags} src/launch.mjs start; exit`;
    const npm = `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(script)}], { stdio: 'inherit' })`;
    const { child, program } = await start([process.execPath, '-e', npm], { npm_lifecycle_event: 'start' });
    expect(program.pid).not.toBe(child.pid);
    child.kill('SIGKILL');
    await until(() => !isAlive(program.pid));
  });

  test('leaves the program running when the shell that started it ends', async () => {
    const { child, program } = await start([
      'sh',
      '-c',
      `"${process.execPath}" src/launch.mjs start & sleep 0.2`,
    ]);
    if (child.exitCode === null) await once(child, 'exit');
    await systemClock.sleep(700);
    expect(isAlive(program.pid)).toBe(true);
  });
});

describe('two starts at once', () => {
  const holder = (name: string, ms: number): string[] => {
    const code = `const { alone } = await import('${join(root, 'src/launch/shell.mjs')}');
      console.log('{}');
      await alone('${root}', async () => {
        console.log('${name} in');
        await new Promise((done) => setTimeout(done, ${ms}));
        console.log('${name} out');
      });`;
    return [process.execPath, '--input-type=module', '-e', code];
  };

  test('install one after the other', async () => {
    const first = await start(holder('first', 600));
    await until(() => first.said().includes('first in'));
    const second = await start(holder('second', 0));
    await systemClock.sleep(200);
    expect(second.said()).not.toContain('second in');
    await until(() => second.said().includes('second out'));
    expect(first.said()).toContain('first out');
  });

  test('do not wait for one that was killed', async () => {
    const first = await start(holder('first', 60_000));
    await until(() => first.said().includes('first in'));
    const second = await start(holder('second', 0));
    first.child.kill('SIGKILL');
    await until(() => second.said().includes('second out'));
  });
});

// Downloads all dependencies, so it runs only in CI or when asked for with POSTINO_SLOW=1.
describe.skipIf(!process.env['CI'] && !process.env['POSTINO_SLOW'])('in a fresh copy of the project', () => {
  test(
    'one command installs the dependencies once and runs a tool under Node 24',
    { timeout: 300_000 },
    async () => {
      const copy = join(root, 'copy');
      const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
        .trim()
        .split('\n');
      for (const file of files.filter((name) => existsSync(name))) {
        mkdirSync(dirname(join(copy, file)), { recursive: true });
        cpSync(file, join(copy, file));
      }
      const path = (process.env['PATH'] ?? '')
        .split(':')
        .filter((folder) => !folder.includes('node_modules'));
      const run = async (): Promise<string> => {
        const child = spawn('node', ['src/launch.mjs', '--run', 'vitest', '--version'], {
          cwd: copy,
          env: { ...process.env, PATH: path.join(':'), npm_execpath: '', npm_node_execpath: '' },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let said = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => (said += String(chunk)));
        await once(child, 'close');
        return said;
      };
      const both = await Promise.all([run(), run()]);
      expect(both.join('').match(/Installing dependencies/g)).toHaveLength(1);
      for (const said of both) expect(said).toMatch(/vitest\/[\d.]+ \S+ node-v2[4-9]/);
      const began = systemClock.ticks();
      expect(await run()).not.toContain('Installing');
      expect(systemClock.ticks() - began).toBeLessThan(5000);
      expect(existsSync(join(copy, 'node_modules/.bin/postino'))).toBe(true);
    },
  );
});
