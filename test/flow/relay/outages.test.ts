// A 250 means safe, at the door: a Redis that is away, slow or unsafe takes nothing in, loses nothing, and is taken back by itself.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrivalOf } from '../../support/arrival.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let server: TestRedis;
let redis: Redis;
let relay: Relay;
const { shop } = relayUsers;

beforeAll(async () => {
  world = await startSmallWorld();
  server = await startRedis();
  redis = new Redis({ path: server.socket });
  redis.on('error', () => undefined);
  relay = await startRelay({ world, redis: server.url });
  // The log-in is known, so that only the store is asked while it is away.
  await send('warm@one.test');
});
afterAll(async () => {
  redis.disconnect();
  await relay.close();
  await server.stop();
  await world.close();
});

const send = (to: string) =>
  sendMail({
    port: relay.ports.plain,
    user: shop,
    mail: `a@${shop.domain}`,
    rcpt: [to],
    data: message([`From: <a@${shop.domain}>`, `Message-ID: <${to}>`]),
  });
const timed = async (to: string) => {
  const since = performance.now();
  const replies = await send(to);
  return { last: replies.at(-1) ?? '', ms: performance.now() - since };
};
const ready = async () => {
  const response = await fetch(`http://127.0.0.1:${relay.ports.http}/readyz`);
  return { status: response.status, text: await response.text() };
};
const takenAgain = (to: string) => until(async () => idIn(await send(to)) !== '', 20_000);

test('Redis killed: a refusal for now within five seconds, and mail again when it is back', async () => {
  await server.kill9();
  const refused = await timed('killed@one.test');
  expect(refused.last).toMatch(/^(?:451 4\.3\.0|454 4\.7\.0|421 4\.3\.\d) .{20,}/);
  expect(refused.ms).toBeLessThan(5000);
  expect((await ready()).status).toBe(503);
  await server.restart();
  await takenAgain('killed@one.test');
  await arrivalOf(world.mx.one, 'killed@one.test', 20_000);
  await until(async () => (await ready()).status === 200);
}, 60_000);

test('Redis frozen: a refusal within five seconds, and what was refused does not arrive later', async () => {
  server.pause();
  const refused = await timed('frozen@one.test');
  expect(refused.last).toMatch(/^4(?:51|52|54|21) 4\.\d\.\d /);
  expect(refused.ms).toBeLessThan(5500);
  server.resume();
  await takenAgain('thawed@one.test');
  await arrivalOf(world.mx.one, 'thawed@one.test', 20_000);
  expect(world.mx.one.messages.some(({ to }) => to === 'frozen@one.test')).toBe(false);
}, 60_000);

test.each([
  ['appendfsync', 'everysec', 'always'],
  ['maxmemory-policy', 'allkeys-lru', 'noeviction'],
] as const)(
  '%s set to %s while we run: no mail is taken, and it is told, until it is right again',
  async (name, wrong, right) => {
    await redis.config('SET', name, wrong);
    await until(async () => (await send('unsafe@one.test')).at(-1)?.startsWith('451 4.3.0') === true, 15_000);
    expect(await ready()).toEqual({ status: 503, text: expect.stringContaining(name) });
    expect(relay.log()).toContain('No mail is taken: Redis would lose mail');
    await redis.config('SET', name, right);
    await takenAgain('safe@one.test');
    expect((await ready()).status).toBe(200);
  },
  60_000,
);

test('a record of a newer version is neither sent nor lost nor read as ours, and it is told', async () => {
  expect((await relay.cli(['queue', 'pause', '--domain', 'two.test'])).code).toBe(0);
  const id = idIn(await send('newer@two.test'));
  const key = `postino:del:default:${id}-1`;
  await until(async () => (await redis.hget(key, 'state')) === 'paused');
  await redis.hset(key, 'v', '2');
  // As after an upgrade that was taken back: due at once, and overdue for long.
  await redis.zadd('postino:due', 'XX', Date.now() - 60_000, `default:${id}-1`);
  expect((await relay.cli(['queue', 'resume', '--domain', 'two.test'])).code).toBe(0);
  await until(() => relay.log().includes('record of an unknown version'), 25_000);
  expect(await redis.hget(key, 'v')).toBe('2');
  expect(await redis.exists(`postino:sub:default:${id}`, `postino:body:default:${id}`)).toBe(2);
  expect(await redis.zscore('postino:due', `default:${id}-1`)).not.toBeNull();
  expect(world.mx.two.messages.some(({ to }) => to === 'newer@two.test')).toBe(false);
  await redis.hset(key, 'v', '1');
  expect((await relay.cli(['queue', 'retry', '--id', id])).code).toBe(0);
  await arrivalOf(world.mx.two, 'newer@two.test', 20_000);
}, 60_000);

test('a submission of a newer version waits without being tried again and again', async () => {
  await relay.cli(['queue', 'pause', '--domain', 'two.test']);
  const id = idIn(await send('subm@two.test'));
  const [sub, del] = [`postino:sub:default:${id}`, `postino:del:default:${id}-1`];
  await until(async () => (await redis.hget(del, 'state')) === 'paused');
  const stored = (await redis.get(sub)) ?? '';
  await redis.set(sub, stored.replace('"v":1', '"v":2'));
  const before = Number(await redis.hget(del, 'run'));
  await relay.cli(['queue', 'resume', '--domain', 'two.test']);
  await until(() => relay.log().split('record of an unknown version').length > 2, 25_000);
  // One that is tried without a rest is tried a hundred times in this.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect(Number(await redis.hget(del, 'run')) - before).toBeLessThan(3);
  expect(world.mx.two.messages.some(({ to }) => to === 'subm@two.test')).toBe(false);
  await redis.set(sub, stored);
  await relay.cli(['queue', 'retry', '--id', id]);
  await arrivalOf(world.mx.two, 'subm@two.test', 20_000);
}, 90_000);
