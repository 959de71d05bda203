// The scenarios in which Redis is away, frozen or out of disk, and in which an MX keeps silent after the dot.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fill, seenBy, throughDisk, whyNoDisk } from './disk.ts';
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
  skip: whyNoDisk,
  act: async (stage) => {
    const folder = join(stage.data, 'redis');
    const relay = stage.relay('postino', { through: throughDisk(folder, DISK) });
    await relay.start();
    stage.view(stage.look(`unix:${seenBy(relay, join(folder, 'redis.sock'))}`));
    await stage.begin();
    await sleep(4_000);
    const filler = seenBy(relay, join(folder, 'filler'));
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
