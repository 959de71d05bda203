// One of two processes that share a provider's connections is killed: the rule's total holds, and the other gets all of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { transportSchema } from '../../src/model/settings.ts';
import { connectRedis, type RedisConnection } from '../../src/store/redis.ts';
import { watchSettings, type SettingsStore } from '../../src/store/settings.ts';
import { startFakeDns, type FakeDns, type Records } from '../support/fake-dns.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePorts } from '../support/relay-process.ts';
import { openPost } from '../world/post.ts';
import { startHost, type Host } from '../world/host.ts';
import { sleep } from './kills.ts';
import { lookInto, type Look } from './look.ts';
import { makeRelay, type Relay } from './process.ts';
import { settings } from './settings.ts';

/** What the provider allows us in all, over both processes. */
const TOGETHER = 6;
/** Each customer of the provider has hosts of its own name, and so a lane of its own. */
const CUSTOMERS = 12;
const ROUNDS = settings.quick ? 2 : 4;
/** A transport of the dead process is worked again after 15 s at most, a share lasts 15 s without a word. */
const GONE_MS = 15_000 + 15_000;

const folder = mkdtempSync(join(tmpdir(), 'postino-faults-shares-'));
const config = join(folder, 'postino.yaml');
let redis: TestRedis;
let dns: FakeDns;
let host: Host;
let look: Look;
let connection: RedisConnection;
let store: SettingsStore;
let smtp = 0;
const relays: Relay[] = [];

beforeAll(async () => {
  redis = await startRedis();
  look = lookInto(redis.url);
  connection = connectRedis({ url: redis.url, purpose: 'events', prefix: 'postino:', log: silentLog });
  await connection.whenReady();
  store = await watchSettings({ redis: connection, clock: systemClock, log: silentLog });
  const ports = await freePorts(4);
  const [http, tracking, mx] = [ports[1] ?? 0, ports[2] ?? 0, ports[3] ?? 0];
  smtp = ports[0] ?? 0;
  host = await startHost({
    name: 'mx.provider.test',
    address: '127.0.2.1',
    port: mx,
    behaviour: { delayMs: 40 },
    ticks: () => performance.now(),
  });
  dns = await startFakeDns(
    Object.fromEntries(Array.from({ length: CUSTOMERS }, (_, n) => recordsOf(n)).flat()),
  );
  const providers = join(folder, 'providers.yaml');
  const shared = { mx: ['.provider.test'], together: { connections: TOGETHER } };
  writeFileSync(providers, JSON.stringify({ providers: { shared } }));
  writeFileSync(
    config,
    JSON.stringify({
      hostname: 'relay.test',
      data: join(folder, 'data'),
      redis: redis.url,
      smtp: { listeners: [{ host: '127.0.0.1', port: smtp, tls: 'none' }] },
      http: { host: '127.0.0.1', port: http },
      tracking: { host: '127.0.0.1', port: tracking },
      dns: { servers: [dns.server], timeout: '2s', tries: 2 },
      delivery: { mxPort: mx, allowPrivateAddresses: true, providers, retry: { steps: ['1s', '2s'] } },
      users: [{ name: 'shop', networks: ['127.0.0.1/32'], domains: ['shop.example'] }],
      stopWithin: '5s',
      log: { level: 'warn' },
    }),
  );
});

afterAll(async () => {
  for (const relay of relays) await relay.kill9();
  store?.close();
  await connection?.close();
  await look?.close();
  await host?.close();
  await dns?.close();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function recordsOf(n: number): readonly (readonly [string, Records])[] {
  const name = `mx${n}.provider.test`;
  return [
    [`c${n}.test`, { mx: [[10, name]] }],
    [name, { a: ['127.0.2.1'] }],
  ];
}

function relay(name: string, role: string): Relay {
  const made = makeRelay({ name, folder, config, roles: [role] });
  relays.push(made);
  return made;
}

/** What a command would do to the settings, without the time that a command takes. */
async function change(task: (settings: SettingsStore) => Promise<Readonly<{ ok: boolean }>>): Promise<void> {
  expect(await task(store)).toMatchObject({ ok: true });
}

const add = (name: string, address: string) =>
  change(({ transports }) =>
    transports.add(transportSchema.parse({ v: 1, name, address, warm: true, origin: 'command' })),
  );
const pause = (name: string, paused: boolean) =>
  change(({ transports }) => transports.change(name, (old) => ({ ...old, paused })));

async function until(what: () => Promise<boolean> | boolean, ms: number): Promise<number> {
  const since = performance.now();
  while (!(await what())) {
    if (performance.now() - since > ms) return Infinity;
    await sleep(50);
  }
  return performance.now() - since;
}

/** Hands in mail for all customers until it is stopped; resolves to how many were taken. */
function load(): () => Promise<number> {
  let over = false;
  const work = (async () => {
    const post = await openPost(smtp, '127.0.0.1');
    let count = 0;
    for (; !over; count++) {
      const reply = await post.send('me@shop.example', `x${count}@c${count % CUSTOMERS}.test`, `s${count}`);
      expect(reply).toMatch(/^250/);
      // A few hundred wait at any time: all of the provider's connections have work.
      while (!over && count - host.taken.length > 300) await sleep(20);
    }
    post.close();
    return count;
  })();
  return () => {
    over = true;
    return work;
  };
}

/** True when this process alone has all that the provider allows, and uses more of it than its half. */
async function hasAll(one: Relay): Promise<boolean> {
  const shares = await look.shares('shared');
  return shares.size === 1 && shares.get(one.pid()) === TOGETHER && host.open() > TOGETHER / 2;
}

/** True when both have some, and together all. */
async function isShared(): Promise<boolean> {
  const held = [...(await look.shares('shared')).values()].filter((count) => count > 0);
  return held.length === 2 && held.reduce((sum, count) => sum + count, 0) === TOGETHER;
}

/** The process gets the transport: the other one sleeps while its lease is given. */
async function give(
  transport: string,
  { to, sleeper }: Readonly<{ to: Relay; sleeper: Relay }>,
  task: () => Promise<void>,
): Promise<void> {
  sleeper.freeze();
  try {
    await task();
    expect(await until(async () => (await look.holder(transport)) === to.pid(), 9_000)).toBeLessThan(9_000);
  } finally {
    process.kill(sleeper.pid(), 'SIGCONT');
  }
}

test('a process that dies with leased connections', { timeout: 900_000 }, async () => {
  const submission = relay('submission', 'submission');
  const pair = [relay('delivery-1', 'delivery'), relay('delivery-2', 'delivery')] as const;
  await Promise.all([submission, ...pair].map((one) => one.start()));
  const [one, two] = pair;
  await give('ip1', { to: one, sleeper: two }, () => add('ip1', '127.0.1.1'));
  await give('ip2', { to: two, sleeper: one }, () => add('ip2', '127.0.1.2'));

  const stop = load();
  const figures: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [victim, other] = round % 2 === 0 ? [one, two] : [two, one];
    const transport = round % 2 === 0 ? 'ip1' : 'ip2';
    expect(await until(isShared, 60_000)).toBeLessThan(60_000);
    await sleep(500 + Math.floor(Math.random() * 1_000));
    await victim.kill9();
    const left = host.open();
    expect((await look.shares('shared')).get(victim.pid()), 'it died with some').toBeGreaterThan(0);
    const ms = await until(() => hasAll(other), GONE_MS + 10_000);
    figures.push(`${left} left, all ${TOGETHER} again after ${(ms / 1000).toFixed(1)} s`);
    expect(ms).toBeLessThan(GONE_MS);
    await victim.start();
    await pause(transport, true);
    expect(await until(async () => (await look.holder(transport)) === 0, 20_000)).toBeLessThan(20_000);
    await give(transport, { to: victim, sleeper: other }, () => pause(transport, false));
  }
  const accepted = await stop();
  const all = await until(() => new Set(host.taken.map(({ subject }) => subject)).size >= accepted, 120_000);
  process.stdout.write(
    `\nshares: ${accepted} accepted, ${host.taken.length} taken, at most ${host.most()} connections; ${figures.join('; ')}\n`,
  );
  expect(all).toBeLessThan(120_000);
  expect(host.most()).toBe(TOGETHER);
});
