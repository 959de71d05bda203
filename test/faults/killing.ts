// The scenarios in which roles or all of Postino are killed or stopped under load.
import { killAndLook, killRounds, sleep, untilAccepted, untilSending } from './kills.ts';
import type { Look } from './look.ts';
import { settings } from './settings.ts';
import type { Scenario, Stage } from './stage.ts';

const { rounds, quick } = settings;
const TAKEOVER_MS = 15_000;

const submissionKilled: Scenario = {
  name: 'submission-killed',
  redis: 'own',
  act: async (stage) => {
    const { submission, delivery } = roles(stage);
    await delivery.start();
    await stage.begin();
    await killRounds(stage, rounds, {
      relay: submission,
      busy: async () => undefined,
      moment: [50, 1_500],
      kill: async () => {
        await submission.kill9();
        return [];
      },
    });
    await sleep(1_000);
  },
};

const deliveryKilled: Scenario = {
  name: 'delivery-killed',
  redis: 'own',
  delay: [5, 120],
  act: killDelivery,
};

/** All mail is worked on by rendering threads, which die with their process. */
const threadsKilled: Scenario = {
  name: 'threads-killed',
  redis: 'own',
  mix: 'threads',
  share: 0.5,
  delay: [1, 5],
  act: killDelivery,
};

const redisKilled: Scenario = {
  name: 'redis-killed',
  redisDies: true,
  redis: 'own',
  act: async (stage) => {
    const { submission, delivery } = roles(stage);
    const look = stage.look();
    await Promise.all([submission.start(), delivery.start()]);
    await stage.begin();
    for (let round = 0; round < rounds; round++) {
      await sleep(stage.random.between(100, 2_500));
      // Read before: afterwards the delivering process goes on at once.
      stage.noteInFlight(await look.sending().catch(() => []));
      await stage.redis().kill9();
      await stage.redis().restart();
    }
    await sleep(2_000);
  },
};

const wholeKilled: Scenario = {
  name: 'whole-killed',
  redisDies: true,
  redis: 'embedded',
  delay: [5, 120],
  act: async (stage) => {
    const relay = stage.relay('postino');
    await relay.start();
    const look = stage.look();
    await stage.begin();
    await relay.kill9();
    await killRounds(stage, rounds, {
      relay,
      busy: () => untilSending(look),
      moment: [0, 1_500],
      kill: async () => {
        // Stopped first, so that what Redis shows is exactly what was in flight when both die.
        relay.freeze();
        const refs = await look.sending().catch(() => []);
        if (stage.random.chance(0.5)) stage.signalEmbedded('SIGKILL');
        await relay.kill9();
        return refs;
      },
    });
  },
};

/** The roles in one process, where accepted mail is handed over in memory. */
const wholeRedisKilled: Scenario = {
  name: 'whole-redis-killed',
  redisDies: true,
  redis: 'embedded',
  delay: [5, 120],
  act: async (stage) => {
    const relay = stage.relay('postino');
    await relay.start();
    const look = stage.look();
    await stage.begin();
    for (let round = 0; round < Math.ceil(rounds / 2); round++) {
      await untilAccepted(stage);
      await sleep(stage.random.between(100, 2_500));
      stage.noteInFlight(await look.sending().catch(() => []));
      stage.signalEmbedded('SIGKILL');
      await sleep(50);
    }
    await untilAccepted(stage);
    await sleep(2_000);
  },
};

const wholeStopped: Scenario = {
  name: 'whole-stopped',
  thorough: true,
  redis: 'embedded',
  delay: [5, 120],
  act: async (stage) => {
    const relay = stage.relay('postino');
    await relay.start();
    await stage.begin();
    for (let round = 0; round < Math.ceil(rounds / 2); round++) {
      await sleep(stage.random.between(500, 2_500));
      stage.noteExit(await relay.terminate());
      await relay.start();
    }
    await sleep(1_000);
  },
  check: ({ ghosts }) => (ghosts > 0 ? [`${ghosts} messages were taken without an answer`] : []),
};

const deliveryStopped: Scenario = {
  name: 'delivery-stopped',
  redis: 'own',
  delay: [5, 120],
  act: async (stage) => {
    const { submission, delivery } = roles(stage);
    const look = stage.look();
    let slowestStopMs = 0;
    await submission.start();
    await stage.begin();
    for (let round = 0; round < rounds; round++) {
      await delivery.start();
      await sleep(stage.random.between(500, 3_500));
      const since = performance.now();
      stage.noteExit(await delivery.terminate());
      slowestStopMs = Math.max(slowestStopMs, performance.now() - since);
      const left = await look.inHand();
      if (left.length > 0) stage.complain(`a stop in good order left ${left.length} in hand: ${left[0]}`);
    }
    stage.note(`slowest stop ${(slowestStopMs / 1000).toFixed(1)} s`);
    await delivery.start();
  },
};

const submissionStopped: Scenario = {
  name: 'submission-stopped',
  thorough: true,
  redis: 'own',
  act: async (stage) => {
    const { submission, delivery } = roles(stage);
    await delivery.start();
    await stage.begin();
    for (let round = 0; round < Math.ceil(rounds / 2); round++) {
      await submission.start();
      await sleep(stage.random.between(300, 1_500));
      stage.noteExit(await submission.terminate());
    }
    await submission.start();
    await sleep(1_000);
  },
  check: ({ ghosts }) => (ghosts > 0 ? [`${ghosts} messages were taken without an answer`] : []),
};

const takeover: Scenario = {
  name: 'takeover',
  redis: 'own',
  delay: [5, 120],
  act: async (stage) => {
    const { submission, delivery } = roles(stage);
    const pair = [delivery, stage.relay('delivery-2', { roles: ['delivery'] })];
    const look = stage.look();
    await Promise.all([submission, ...pair].map((relay) => relay.start()));
    await stage.begin();
    for (let round = 0; round < (quick ? 1 : 4); round++) {
      await untilSending(look);
      await sleep(stage.random.between(1_000, 3_000));
      const holder = await look.holder('ip1');
      const working = pair.find((relay) => relay.pid() === holder) ?? delivery;
      const since = performance.now();
      stage.noteInFlight(await killAndLook(working, look));
      const heldAfter = await untilHeldBy(look, (pid) => pid > 0 && pid !== working.pid());
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      stage.note(`taken over after ${seconds} s`);
      if (heldAfter > TAKEOVER_MS) stage.complain(`the other process took over only after ${seconds} s`);
      await working.start();
    }
  },
};

export const killing: readonly Scenario[] = [
  deliveryKilled,
  threadsKilled,
  wholeKilled,
  takeover,
  redisKilled,
  submissionKilled,
  wholeRedisKilled,
  deliveryStopped,
  submissionStopped,
  wholeStopped,
];

function roles(stage: Stage) {
  const role = (name: string) => stage.relay(name, { roles: [name] });
  return { submission: role('submission'), delivery: role('delivery') };
}

/** Until the leases of all transports are held as wanted; milliseconds, Infinity when that took too long. */
async function untilHeldBy(look: Look, wanted: (pid: number) => boolean): Promise<number> {
  const since = performance.now();
  for (;;) {
    const pids = await Promise.all(['ip1', 'ip2'].map((transport) => look.holder(transport)));
    const ms = performance.now() - since;
    if (pids.every(wanted)) return ms;
    if (ms > 60_000) return Infinity;
    await sleep(50);
  }
}

/** Kills the delivering process over and over while it sends. */
async function killDelivery(stage: Stage): Promise<void> {
  const { submission, delivery } = roles(stage);
  const look = stage.look();
  await submission.start();
  await stage.begin();
  await killRounds(stage, rounds, {
    relay: delivery,
    busy: () => untilSending(look),
    moment: [0, 1_500],
    kill: () => killAndLook(delivery, look),
  });
}
