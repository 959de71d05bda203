// A process dies: its transports are worked again within 15 s by one that can bind them, else their mail goes to the pool's others.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import { startInside, type InsideRelay } from '../../support/inside-relay.ts';
import { startRelay, type Relay } from '../../support/relay.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

const ROUNDS = 2;
/** An address that is on no host: only what stands in Redis makes it look as if somebody had it. */
const ELSEWHERE = '192.0.2.78';

let redis: TestRedis;
let world: World<'one' | 'two'>;
let door: InsideRelay;
let look: Redis;

const config = {
  delivery: { retry: { steps: ['1s'], expire: '1h' } },
  monitor: { enabled: false },
  transports: [
    { name: 'ip1', address: '127.0.1.1', pool: 'first' },
    { name: 'near', address: '127.0.1.2', pool: 'second', weight: 1 },
    { name: 'far', address: ELSEWHERE, pool: 'second', weight: 10_000, warm: true },
  ],
  users: [
    { name: 'first', networks: ['127.0.0.65/32'], domains: ['first.example'], pool: 'first' },
    { name: 'second', networks: ['127.0.0.66/32'], domains: ['second.example'], pool: 'second' },
  ],
};
const delivering = (data: string): Promise<Relay> =>
  startRelay({ world, redis: redis.url, data, roles: ['delivery'], config });

beforeAll(async () => {
  redis = await startRedis();
  world = await startSmallWorld();
  door = await startInside({ world, redis: redis.url, config, roles: ['submission'] });
  look = new Redis({ path: redis.socket });
});
afterAll(async () => {
  look?.disconnect();
  await door?.close();
  await world?.close();
  await redis?.stop();
});

const send = async (user: 'first' | 'second', to: string): Promise<void> => {
  const from = `a@${user}.example`;
  const network = user === 'first' ? '127.0.0.65' : '127.0.0.66';
  const data = message([`From: <${from}>`]);
  expect(idIn(await sendMail({ port: door.port, from: network, mail: from, rcpt: [to], data }))).not.toBe('');
};
const came = (to: string) => world.mx.one.messages.find((one) => one.to === to);
const leaseOf = (transport: string) => look.hget(`postino:lease:${transport}`, 'owner');

test('another process takes over a dead one’s transport within 15 s', async () => {
  // They share the folder with the master key, as processes on one host do.
  const alive = [await delivering(door.data), await delivering(door.data)];
  try {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await until(async () => (await leaseOf('ip1')) !== null, 20_000);
      await send('first', `before${round}@one.test`);
      await until(() => came(`before${round}@one.test`) !== undefined, 20_000);
      const owner = (await leaseOf('ip1')) ?? '';
      const holder = alive.find((one) => owner.includes(`/${one.pid()}/`));
      expect(holder).toBeDefined();
      await holder?.kill9();
      const killed = performance.now();
      await send('first', `after${round}@one.test`);
      await until(() => came(`after${round}@one.test`) !== undefined, 20_000);
      times.push((performance.now() - killed) / 1000);
      expect(came(`after${round}@one.test`)?.peer).toBe('127.0.1.1');
      await holder?.start();
    }
    const said = times.map((time) => time.toFixed(1)).join(', ');
    console.log(`a process dies by kill -9: mail leaves by its transport again after ${said} s`);
    expect(Math.max(...times)).toBeLessThan(15);
  } finally {
    await Promise.all(alive.map((one) => one.close()));
  }
}, 180_000);

test('mail of a transport that nobody left can bind goes to the others of its pool', async () => {
  const relay = await delivering(door.data);
  // Another host holds the lease, as far as anybody can see.
  const lease = 'postino:lease:far';
  await look.hset(lease, 'owner', 'elsewhere/1/0', 'epoch', '1');
  const holding = setInterval(() => void look.pexpire(lease, 10_000), 500);
  try {
    await look.pexpire(lease, 10_000);
    // Until this process has seen that somebody works it.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const addresses = Array.from({ length: 20 }, (_, n) => `far${n}@one.test`);
    for (const to of addresses) await send('second', to);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(addresses.filter((to) => came(to) !== undefined)).toEqual([]);
    clearInterval(holding);
    const died = performance.now();
    await until(() => addresses.every((to) => came(to) !== undefined), 60_000);
    const seconds = (performance.now() - died) / 1000;
    console.log(
      `a host dies whose address nobody else has: its mail left by another of the pool after ${seconds.toFixed(1)} s`,
    );
    expect(new Set(addresses.map((to) => came(to)?.peer))).toEqual(new Set(['127.0.1.2']));
    expect(world.mx.one.messages.filter(({ to }) => to.startsWith('far'))).toHaveLength(20);
    expect(seconds).toBeLessThan(45);
  } finally {
    clearInterval(holding);
    await relay.close();
  }
}, 120_000);
