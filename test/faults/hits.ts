// The scenarios in which people follow links and unsubscribe while the http role, Redis or the disk fails.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fill, seenBy, throughDisk, whyNoDisk } from './disk.ts';
import { sleep } from './kills.ts';
import { readVisits } from './look.ts';
import type { Relay } from './process.ts';
import { settings } from './settings.ts';
import type { Scenario, Stage } from './stage.ts';
import { describeSpeed, HELD_MS, QUICK_MS, slowOf, type Visitors } from './visiting.ts';

const { rounds, quick } = settings;
const SHARE = 0.4;
const DISK = '4m';
const WARM_VISITS = 100;
/** Letters that nobody has unsubscribed from yet, when the disk is to be full. */
const ORDERS = 250;
/** Of redirects, so many may have stood still with the machine, and none for so long: Redis is waited for 4 s. */
const MAX_SLOW = 0.03;
const STUCK_MS = 2_000;
const TOLD_MS = 30_000;

/** kill -9 of the http role loses what it held in memory; a stop in good order loses nothing; an order is never lost. */
const hitsKilled: Scenario = {
  name: 'hits-http-killed',
  redis: 'own',
  share: SHARE,
  act: async (stage) => {
    const { http, visitors } = await begin(stage);
    for (let round = 0; round < rounds; round++) {
      await sleep(stage.random.between(500, 4_500));
      await killHttp(http, visitors);
      stage.noteInFlight([]);
      await sleep(stage.random.between(0, 300));
      await startHttp(http, visitors);
    }
    // No hole is told for these: whatever they lose is a fault.
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      await sleep(stage.random.between(HELD_MS, 2 * HELD_MS));
      stage.noteExit(await http.terminate());
      await startHttp(http, visitors);
    }
    await sleep(1_000);
  },
};

const hitsRedisAway: Scenario = {
  name: 'hits-redis-away',
  redis: 'own',
  redisDies: true,
  share: SHARE,
  act: async (stage) => {
    const look = stage.look();
    const { http, visitors } = await begin(stage);
    const redis = stage.redis();
    let awayAt = 0;
    const away = async (take: () => Promise<void> | void, ms: number): Promise<void> => {
      await sleep(stage.random.between(1_000, 2_500));
      stage.noteInFlight(await look.sending());
      awayAt = Date.now();
      await take();
      await sleep(ms);
      expectQuick(stage, visitors, awayAt);
    };
    await away(redis.pause, quick ? 7_000 : 20_000);
    redis.resume();
    await untilTold(stage, visitors);
    await away(redis.kill9, quick ? 5_000 : 15_000);
    await redis.restart();
    await untilTold(stage, visitors);
    await away(redis.pause, 6_000);
    // Everything since Redis froze was in its memory; the orders that got their 200 are on its disk.
    await killHttp(http, visitors, Date.now() - awayAt);
    redis.resume();
    await startHttp(http, visitors);
    await sleep(2_000);
  },
};

/** An order that can be kept nowhere is not done: 503, and whoever asked comes again. */
const spoolFull: Scenario = {
  name: 'spool-full',
  redis: 'own',
  redisDies: true,
  skip: whyNoDisk,
  act: async (stage) => {
    const look = stage.look();
    const spool = join(stage.data, 'unsubscribed');
    const { http, visitors } = await begin(stage, throughDisk(spool, DISK));
    visitors.tell({ say: 'orders', share: 0 });
    while (stage.seen().filter(({ offset }) => offset !== undefined).length < ORDERS) await sleep(300);
    stage.noteInFlight(await look.sending());
    await stage.redis().kill9();
    visitors.tell({ say: 'orders', share: 0.15 });
    const spooled = answers(visitors, await phase(), 200);
    const filler = seenBy(http, join(spool, 'filler'));
    fill(filler);
    const full = await phase();
    const [kept, refused] = [answers(visitors, full, 200), answers(visitors, full, 503)];
    rmSync(filler);
    const again = answers(visitors, await phase(), 200);
    stage.note(
      `without Redis ${spooled} orders to disk, ${refused} refused while it was full, ${again} after that`,
    );
    if (spooled === 0 || again === 0) stage.complain('orders were not kept on disk');
    if (kept > 0) stage.complain(`${kept} orders were answered 200 with neither Redis nor disk`);
    if (refused === 0) stage.complain('no order was refused while the disk was full');
    await stage.redis().restart();
    await sleep(2_000);
    const drafts = readdirSync(seenBy(http, spool)).filter((name) => !name.endsWith('.json'));
    if (drafts.length > 0) stage.complain(`${drafts.length} drafts of orders were left on the disk`);
  },
};

export const hits: readonly Scenario[] = [hitsKilled, hitsRedisAway, spoolFull];

/** All three roles, letters on their way, and visitors who have begun. */
async function begin(
  stage: Stage,
  through: readonly string[] = [],
): Promise<Readonly<{ http: Relay; visitors: Visitors }>> {
  const role = (name: string): Relay =>
    stage.relay(name, { roles: [name], ...(name === 'http' ? { through } : {}) });
  const http = role('http');
  await Promise.all([role('submission'), role('delivery'), http].map((relay) => relay.start()));
  await stage.begin();
  const visitors = stage.visit();
  visitors.tell({ say: 'listener', pid: http.pid() });
  while (visitors.visits().length < WARM_VISITS) await sleep(100);
  return { http, visitors };
}

async function startHttp(http: Relay, visitors: Visitors): Promise<void> {
  await http.start();
  visitors.tell({ say: 'listener', pid: http.pid() });
}

/** `heldMs`: for how long it could write nothing. */
async function killHttp(http: Relay, visitors: Visitors, heldMs = 0): Promise<void> {
  const since = Date.now() - heldMs - HELD_MS;
  await http.kill9();
  visitors.mayLose(since, Date.now());
}

/** Lets what was asked for before be answered, and then some time go by; resolves with when that began. */
async function phase(): Promise<number> {
  await sleep(500);
  const since = Date.now();
  await sleep(2_500);
  return since;
}

function answers(visitors: Visitors, since: number, status: number): number {
  const isOne = (one: ReturnType<Visitors['visits']>[number]): boolean =>
    one.kind === 'post' && one.status === status && one.at >= since;
  return visitors.visits().filter(isOne).length;
}

function expectQuick(stage: Stage, visitors: Visitors, since: number): void {
  const clicks = visitors
    .visits()
    .filter(({ kind, at, status }) => kind === 'click' && at >= since && status > 0);
  const slow = slowOf(clicks);
  stage.note(`while Redis was away ${describeSpeed(clicks)}`);
  if (clicks.length === 0) stage.complain('nobody clicked while Redis was away');
  const isStuck = slow.some(({ ms, waited }) => ms - waited > STUCK_MS);
  if (isStuck || slow.length > clicks.length * MAX_SLOW)
    stage.complain(`${slow.length} redirects took more than ${QUICK_MS} ms: ${JSON.stringify(slow[0])}`);
}

/** Until all that was answered up to now is told. */
async function untilTold(stage: Stage, visitors: Visitors): Promise<void> {
  const since = performance.now();
  const answered = visitors.visits().filter(({ kind, status }) => kind !== 'post' && status > 0);
  while (performance.now() - since < TOLD_MS) {
    const told = readVisits(stage.data);
    if (answered.every(({ n }) => told.has(n))) {
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      return stage.note(`all ${answered.length} hits told ${seconds} s after Redis was back`);
    }
    await sleep(500);
  }
  stage.complain(`not all hits were told ${TOLD_MS / 1000} s after Redis was back`);
}
