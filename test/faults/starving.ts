// The scenarios in which Redis is away, frozen or out of disk, and in which an MX keeps silent after the dot.
import { closeSync, openSync, rmSync, writeSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sleep, untilAccepted } from './kills.ts';
import type { Relay } from './process.ts';
import { settings } from './settings.ts';
import type { Scenario, Stage } from './stage.ts';

const { quick } = settings;
/** A client is told within 5 s that we cannot take its message; the rest is for a busy machine. */
const ANSWER_MS = 6_000;
const DISK = '48m';

const redisStopped: Scenario = {
  name: 'redis-stopped',
  thorough: true,
  redisDies: true,
  redis: 'own',
  act: async (stage) => {
    await startRoles(stage);
    await sleep(3_000);
    stage.noteInFlight([]);
    process.kill(stage.redis().pid(), 'SIGTERM');
    await sleep(1_000);
    await refusesFor(stage, quick ? 4_000 : 14_000);
    await stage.redis().restart();
    await acceptsAgain(stage);
    await sleep(3_000);
  },
  check: ({ slowestMs }) => tooSlow(slowestMs),
};

/** Roles that are asked to stop while Redis is away must not wait for it. */
const stoppedWithoutRedis: Scenario = {
  name: 'stopped-without-redis',
  redis: 'own',
  redisDies: true,
  delay: [5, 120],
  act: async (stage) => {
    const look = stage.look();
    const relays = await startRoles(stage);
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      await sleep(stage.random.between(1_000, 3_000));
      stage.noteInFlight(await look.sending());
      await stage.redis().kill9();
      await sleep(stage.random.between(0, 1_500));
      const since = performance.now();
      for (const code of await Promise.all(relays.map((relay) => relay.terminate()))) stage.noteExit(code);
      stage.note(`stopped after ${((performance.now() - since) / 1000).toFixed(1)} s`);
      await stage.redis().restart();
      await Promise.all(relays.map((relay) => relay.start()));
      await acceptsAgain(stage);
    }
    await sleep(1_000);
  },
};

const redisFrozen: Scenario = {
  name: 'redis-frozen',
  thorough: true,
  redis: 'own',
  act: async (stage) => {
    await startRoles(stage);
    await freezeRounds(
      stage,
      () => stage.redis().pause(),
      () => stage.redis().resume(),
    );
  },
  check: ({ slowestMs }) => tooSlow(slowestMs),
};

const wholeFrozen: Scenario = {
  name: 'whole-redis-frozen',
  redis: 'embedded',
  act: async (stage) => {
    await stage.relay('postino').start();
    await stage.begin();
    await freezeRounds(
      stage,
      () => stage.signalEmbedded('SIGSTOP'),
      () => stage.signalEmbedded('SIGCONT'),
    );
  },
  check: ({ slowestMs }) => tooSlow(slowestMs),
};

async function freezeRounds(stage: Stage, freeze: () => void, thaw: () => void): Promise<void> {
  const look = stage.look();
  for (let round = 0; round < (quick ? 1 : 2); round++) {
    await sleep(stage.random.between(2_000, 4_000));
    stage.noteInFlight(await look.sending());
    freeze();
    // What is under way may still be told 451 for some seconds.
    await refusesFor(stage, stage.random.between(8_000, 15_000));
    thaw();
    await acceptsAgain(stage);
  }
  await sleep(3_000);
}

const diskFull: Scenario = {
  name: 'disk-full',
  redisDies: true,
  redis: 'embedded',
  skip: () => {
    const tried = spawnSync('unshare', [mountFlags(), 'true']);
    return tried.status === 0 ? undefined : 'needs Linux and the right to mount (root or user namespaces)';
  },
  act: async (stage) => {
    const folder = join(stage.data, 'redis');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // The disk is a mount that only the relay sees, and that goes with it.
    const mount = `mount -t tmpfs -o size=${DISK},mode=700 tmpfs "$0" && exec "$@"`;
    const relay = stage.relay('postino', { through: ['unshare', mountFlags(), 'sh', '-c', mount, folder] });
    await relay.start();
    const root = `/proc/${relay.pid()}/root`;
    stage.view(stage.look(`unix:${root}${join(folder, 'redis.sock')}`));
    await stage.begin();
    await sleep(4_000);
    const filler = `${root}${join(folder, 'filler')}`;
    stage.noteInFlight([]);
    fill(filler);
    await sleep(2_000);
    await refusesFor(stage, quick ? 4_000 : 10_000);
    rmSync(filler);
    await acceptsAgain(stage);
    await sleep(3_000);
  },
  check: ({ slowestMs }) => tooSlow(slowestMs),
};

const silentMx: Scenario = {
  name: 'silent-mx',
  redis: 'own',
  drop: 0.1,
  act: async (stage) => {
    await startRoles(stage);
    await sleep(quick ? 5_000 : 15_000);
  },
  check: ({ untoldAmbiguity, dropped }) => [
    ...untoldAmbiguity.map((key) => `the end of ${key} does not say how often it may have been taken`),
    ...(dropped === 0 ? ['the MX dropped nothing'] : []),
  ],
};

export const starving: readonly Scenario[] = [
  redisFrozen,
  wholeFrozen,
  redisStopped,
  stoppedWithoutRedis,
  diskFull,
  silentMx,
];

async function startRoles(stage: Stage): Promise<readonly Relay[]> {
  const relays = ['submission', 'delivery'].map((name) => stage.relay(name, { roles: [name] }));
  await Promise.all(relays.map((relay) => relay.start()));
  await stage.begin();
  return relays;
}

/** Root mounts; others do in a user namespace of their own, where they may have one. */
function mountFlags(): string {
  return process.getuid?.() === 0 ? '-m' : '-rm';
}

/** For `ms` from now nothing may be accepted. */
async function refusesFor(stage: Stage, ms: number): Promise<void> {
  const GRACE_MS = 500;
  await sleep(GRACE_MS);
  const before = stage.load.accepted();
  await sleep(ms - GRACE_MS);
  const meanwhile = stage.load.accepted() - before;
  if (meanwhile > 0) stage.complain(`${meanwhile} messages were accepted without a Redis`);
}

async function acceptsAgain(stage: Stage): Promise<void> {
  const ms = await untilAccepted(stage);
  if (ms === Infinity) stage.complain('nothing was accepted any more');
  else stage.note(`accepts again after ${(ms / 1000).toFixed(1)} s`);
}

function tooSlow(slowestMs: number): string[] {
  return slowestMs > ANSWER_MS ? [`a reply took ${(slowestMs / 1000).toFixed(1)} s`] : [];
}

/** Takes all of the disk's space. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  for (let size = 1_048_576; size >= 512;) {
    try {
      writeSync(file, Buffer.alloc(size, 1));
    } catch {
      size /= 2;
    }
  }
  closeSync(file);
}
