// The bench's ground: a folder of its own (on a journaled file system where it may mount one), free ports, and a clean end.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
/** The harness that drives any relay; not part of this project. */
const shared = resolve(here, '../../../shared/bench');
const COMMANDS = { postino: join(here, 'peers/postino.sh'), postfix: join(shared, 'peers/postfix.sh') };
const RUN_MS = 400_000;
const CGROUPS = ['/sys/fs/cgroup/cpuacct', '/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/** What is missing for a comparison, as a sentence; undefined when all is there. Installs Postfix where it may. */
export function whatIsMissing() {
  if (!existsSync(join(shared, 'relay-bench.mjs')))
    return 'The comparison with Postfix needs ../shared/bench, which is not there.';
  if (!hasPostfix() && process.getuid?.() === 0) installPostfix();
  if (!hasPostfix())
    return 'The comparison with Postfix needs Postfix; install it as root with: apt-get install postfix';
  return undefined;
}

function hasPostfix() {
  return ['/usr/sbin/postfix', '/usr/sbin/smtp-source'].every((path) => existsSync(path));
}

/** From Debian, without a configuration of its own and without being started. */
function installPostfix() {
  console.log('Installing Postfix for the comparison.');
  const script = `set -e
    export DEBIAN_FRONTEND=noninteractive
    mine=
    [ -e /usr/sbin/policy-rc.d ] || { mine=1; printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; }
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections || :
    apt-get install -y --no-install-recommends postfix || { apt-get update && apt-get install -y --no-install-recommends postfix; }
    [ -z "$mine" ] || rm -f /usr/sbin/policy-rc.d`;
  try {
    execFileSync('bash', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    console.log('Postfix could not be installed.');
  }
}

/** Two ports of loopback that are free now. */
export async function freePorts() {
  const servers = await Promise.all([0, 1].map(listen));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function listen() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => done(server));
  });
}

/** Opens the ground. `close` ends what is still running and leaves nothing behind; signals do the same. */
export function openRig() {
  const folder = mkdtempSync(join(tmpdir(), 'postino-bench-'));
  chmodSync(folder, 0o755); // Postfix' processes run as users of their own
  const env = { ...process.env, TMPDIR: folder };
  let runner;
  const mounted = process.getuid?.() === 0 && journaled('up', env);
  if (mounted) env.PERF_RUN = join(folder, 'relay-bench/jfs/run');
  const close = () => {
    endAll(folder);
    if (runner) removeGroups(runner.pid);
    if (mounted) journaled('down', env);
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      close();
      process.exit(130);
    });
  return {
    mounted,
    close,
    /** One run of one relay: the harness' figures. */
    run: async (relay, row) => {
      const json = join(folder, 'result.json');
      rmSync(json, { force: true });
      const [port, sink] = await freePorts();
      const args = ['relay-bench.mjs', '--cmd', COMMANDS[relay], '--name', relay, '--json', json];
      const ports = ['--port', String(port), '--sink-port', String(sink)];
      runner = spawn(process.execPath, [...args, ...ports, ...row.args.split(' ')], {
        cwd: shared,
        env: { ...env, ...(relay === 'postino' ? row.env : {}) },
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: RUN_MS,
      });
      await new Promise((done) => runner.once('close', done));
      if (!existsSync(json)) throw new Error(`${relay} did not end its run "${row.name}".`);
      return JSON.parse(readFileSync(json, 'utf8'));
    },
  };
}

/** An ext4 with a journal, as usual servers have it. False where this machine allows no mount. */
function journaled(what, env) {
  try {
    execFileSync('bash', ['-c', `. ./journaled.sh ${what}`], { cwd: shared, env, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Ends by id all that runs in our folder: whoever was started here has it in its environment or its arguments. */
function endAll(folder) {
  for (let round = 0; round < 40; round++) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name, folder));
    if (pids.length === 0) return;
    for (const pid of pids) kill(Number(pid), round < 20 ? 'SIGTERM' : 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
}

function isOurs(pid, folder) {
  if (Number(pid) === process.pid) return false;
  return ['environ', 'cmdline'].some((file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(folder);
    } catch {
      return false; // it is gone, or another user's
    }
  });
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it ended by itself
  }
}

/** The harness removes its groups itself unless it was cut off. */
function removeGroups(pid) {
  for (const root of CGROUPS)
    for (const name of ['relay', 'sink', 'src'])
      try {
        rmdirSync(`${root}/perf-${name}-${pid}`);
      } catch {
        // not there
      }
}
