// Which address mail leaves from, as the other side sees it: by pool, fallback, state, grant, warm-up and upstream relay.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { transportSchema, type Transport } from '../../../src/model/settings.ts';
import { sealVia } from '../../../src/store/via.ts';
import { arrivalOf } from '../../support/arrival.ts';
import { startFakeMx, type FakeMx } from '../../support/fake-mx.ts';
import { startInside, type InsideRelay } from '../../support/inside-relay.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from '../../support/world.ts';

let redis: TestRedis;
let world: World<'one' | 'two'>;
let upstream: FakeMx;
let relay: InsideRelay;

const LOGIN = { username: 'me', password: 'upstream-Secret-43' };
/** Pools and the last number of their addresses, 127.0.1.x. */
const POOLS = {
  own: [1],
  spare: [2],
  tested: [3],
  pair: [4, 5],
  drained: [6, 7],
  alone: [8],
  young: [9, 10],
  lonely: [11],
  brand: [12],
  moving: [13],
} as const;
type PoolName = keyof typeof POOLS;
const CLIENTS = Object.keys(POOLS).map((name, n) => ({ name, network: `127.0.0.${100 + n}` }));
const addressOf = (n: number): string => `127.0.1.${n}`;
const nameOf = (n: number): string => `ip${n}`;

beforeAll(async () => {
  redis = await startRedis();
  world = await startWorld(
    {
      one: { name: 'mx.one.test', host: '127.0.0.41', slowMs: 1_500 },
      two: { name: 'mx.two.test', host: '127.0.0.42' },
    },
    {
      'one.test': { mx: [[10, 'mx.one.test']] },
      'mx.one.test': { a: ['127.0.0.41'] },
      'two.test': { mx: [[10, 'mx.two.test']] },
      'mx.two.test': { a: ['127.0.0.42'] },
    },
  );
  upstream = await startFakeMx({ host: '127.0.0.50', auth: LOGIN, starttls: true });
  const young = { timeZone: 'UTC', warmup: { day: 1 } };
  relay = await startInside({
    world,
    redis: redis.url,
    config: {
      delivery: { retry: { steps: ['1s'], expire: '1h' }, connectionsPerLane: 2 },
      warmup: { curve: [3, 5] },
      monitor: { enabled: false },
      pools: [{ name: 'own', fallback: 'spare' }, { name: 'brand' }],
      transports: Object.entries(POOLS).flatMap(([pool, numbers]) =>
        numbers.map((n) => ({
          name: nameOf(n),
          address: addressOf(n),
          pool,
          ehlo: `out${n}.relay.test`,
          ...(n === 9 || n === 11 ? young : {}),
        })),
      ),
      domains: [{ name: 'brand.example', pool: 'brand' }],
      users: CLIENTS.map(({ name, network }) => ({
        name,
        networks: [`${network}/32`],
        domains: [`${name}.example`, 'brand.example'],
        pool: name,
        ...(name === 'tested' ? { pools: ['spare'] } : {}),
      })),
    },
  });
});
afterAll(async () => {
  await relay?.close();
  await Promise.all([world?.close(), upstream?.close()]);
  await redis?.stop();
});

const as = (user: PoolName, to: string, options: Readonly<{ from?: string; header?: string[] }> = {}) => {
  const { from = `a@${user}.example`, header = [] } = options;
  return sendMail({
    port: relay.port,
    from: CLIENTS.find(({ name }) => name === user)?.network ?? '',
    mail: from,
    rcpt: [to],
    data: message([`From: <${from}>`, ...header]),
  });
};
const sent = async (...args: Parameters<typeof as>): Promise<string> => {
  const id = idIn(await as(...args));
  expect(id).not.toBe('');
  return id;
};
const peerOf = async (to: string, ms = 15_000): Promise<string> =>
  (await arrivalOf(world.mx.one, to, ms)).peer;
const change = (n: number, fields: Partial<Transport>) => {
  const { transports } = relay.base.settings;
  const edit = (old: Transport): Transport => ({ ...old, ...fields });
  return transports.change(nameOf(n), edit, 'file');
};
const waiting = (user: string) => relay.base.operate.list({ user }, 100);
const events = (): readonly Event[] => {
  const folder = join(relay.data, 'events');
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return files.flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Event => JSON.parse(line)),
  );
};
const toldOf = (key: string) =>
  events().filter((event) => event.key === key && (event.type === 'trouble' || event.type === 'limit'));

test('mail leaves by the pool of its user, of its sender’s domain, or the one that it asks for', async () => {
  await sent('own', 'plain@one.test');
  expect(await arrivalOf(world.mx.one, 'plain@one.test')).toMatchObject({
    peer: addressOf(1),
    ehlo: 'out1.relay.test',
  });
  await sent('own', 'brand@one.test', { from: 'a@brand.example' });
  expect(await peerOf('brand@one.test')).toBe(addressOf(12));
  await sent('tested', 'wish@one.test', { from: 'a@brand.example', header: ['X-Postino-Pool: spare'] });
  expect(await peerOf('wish@one.test')).toBe(addressOf(2));
  await sent('tested', 'wish2@one.test', { from: 'a@brand.example', header: ['X-Postino-Pool: tested'] });
  expect(await peerOf('wish2@one.test')).toBe(addressOf(3));
  expect((await as('own', 'no@one.test', { header: ['X-Postino-Pool: pair'] })).at(-1)).toMatch(
    /^550 5\.7\.1/,
  );
});

test('a fallback pool takes over only where it is named, and that is told and recorded', async () => {
  await change(1, { paused: true });
  await change(3, { paused: true });
  const id = await sent('own', 'busy@one.test');
  await sent('own', 'over@one.test');
  await sent('tested', 'stays@one.test');
  expect(await peerOf('over@one.test')).toBe(addressOf(2));
  const [record] = (await waiting('own')).filter(({ submission }) => submission === id);
  expect(record).toMatchObject({ pool: 'own', fallback: 'spare', transport: 'ip2' });
  await until(() =>
    events().some((event) => event.type === 'delivered' && event.recipient === 'over@one.test'),
  );
  expect(
    events().find(({ recipient, type }) => type === 'delivered' && recipient === 'over@one.test'),
  ).toMatchObject({
    transport: 'ip2',
    fallback: 'spare',
    localAddress: addressOf(2),
  });
  expect(toldOf('own')).toMatchObject([
    { type: 'trouble', scope: 'pool', rule: 'fallback', action: 'spare' },
  ]);
  await change(1, { paused: false });
  const back = () =>
    world.mx.one.messages.some(({ to, peer }) => to === 'back@one.test' && peer === addressOf(1));
  await until(async () => {
    await sent('own', 'back@one.test');
    await new Promise((resolve) => setTimeout(resolve, 500));
    return back();
  }, 30_000);
  expect(world.mx.one.messages.some(({ to }) => to === 'stays@one.test')).toBe(false);
  await change(3, { paused: false });
  expect(await peerOf('stays@one.test', 30_000)).toBe(addressOf(3));
  await relay.base.operate.cancel({ user: 'own' }, 'the test is over');
});

test('nothing leaves by a quarantined transport while there are others, and by a listed one not at all', async () => {
  for (const n of [4, 5]) {
    const other = n === 4 ? 5 : 4;
    await relay.base.states.set(nameOf(n), 'quarantined', 'It is on a block list.', 'listing');
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => sent('pair', `q${n}.${i}@${i % 2 ? 'one' : 'two'}.test`)),
    );
    const arrived = () =>
      [...world.mx.one.messages, ...world.mx.two.messages].filter(({ to }) => to.startsWith(`q${n}.`));
    await until(() => arrived().length === 12, 20_000);
    expect(new Set(arrived().map(({ peer }) => peer))).toEqual(new Set([addressOf(other)]));
    await relay.base.states.set(nameOf(n), 'healthy', '');
  }
  await relay.base.states.set('ip8', 'quarantined', 'It is on a block list.', 'listing');
  await sent('alone', 'listed@one.test');
  await until(async () => (await waiting('alone'))[0]?.transport === '');
  expect(world.mx.one.messages.some(({ to }) => to === 'listed@one.test')).toBe(false);
  // Bad rates alone: the least bad one goes on, as the pool says by default.
  await relay.base.states.set('ip8', 'quarantined', 'Too much is put off.', 'rates');
  expect(await peerOf('listed@one.test', 20_000)).toBe(addressOf(8));
});

test('a transport that automation suspended altogether gets no mail that others can send', async () => {
  const { limits, clock } = relay.base;
  const until1h = clock.now() + 3_600_000;
  const limit = {
    scope: 'transport',
    key: nameOf(4),
    action: 'suspend',
    rule: 'blocked',
    why: 'blocked',
  } as const;
  await limits.set({ ...limit, until: until1h });
  await Promise.all(
    Array.from({ length: 12 }, (_, i) => sent('pair', `s${i}@${i % 2 ? 'one' : 'two'}.test`)),
  );
  const arrived = () =>
    [...world.mx.one.messages, ...world.mx.two.messages].filter(({ to }) => /^s\d+@/.test(to));
  await until(() => arrived().length === 12, 20_000);
  expect(new Set(arrived().map(({ peer }) => peer))).toEqual(new Set([addressOf(5)]));
  expect(await limits.cancel('transport:ip4:blocked', 'the test')).toBe(true);
});

test('draining: what is being sent ends, what waits goes to the others, nothing is lost or sent twice', async () => {
  const count = 30;
  await Promise.all(
    Array.from({ length: count }, (_, i) => sent('drained', i < 4 ? 'slow@one.test' : `d${i}@one.test`)),
  );
  const all = () => world.mx.one.messages.filter(({ from }) => from === 'a@drained.example');
  // Somebody is at the dot of each transport, and the others wait behind.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = all().length;
  expect(await change(6, { draining: true })).toMatchObject({ ok: true });
  const at = performance.now();
  await until(() => all().length >= count, 30_000);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(all()).toHaveLength(count);
  expect(await waiting('drained')).toEqual([]);
  const late = all()
    .slice(before + 4)
    .filter(({ peer }) => peer === addressOf(6));
  console.log(
    `draining with ${count - before} deliveries open: all by the other one after ${Math.round(performance.now() - at - 2_000)} ms, ${late.length} begun by the drained one later`,
  );
  await sent('drained', 'after@two.test');
  expect((await arrivalOf(world.mx.two, 'after@two.test')).peer).toBe(addressOf(7));
  // The last one drains, too: its mail waits, and leaves when that ends.
  await change(7, { draining: true });
  await sent('drained', 'wait@two.test');
  await until(async () => (await waiting('drained'))[0]?.transport === '');
  await change(6, { draining: false });
  expect((await arrivalOf(world.mx.two, 'wait@two.test', 20_000)).peer).toBe(addressOf(6));
});

test('a young transport sends what it may, a warm one of its pool the rest', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, i) => sent('young', `y${i}@one.test`)));
  const arrived = () => world.mx.one.messages.filter(({ from }) => from === 'a@young.example');
  await until(() => arrived().length === 10, 20_000);
  const by = (n: number): number => arrived().filter(({ peer }) => peer === addressOf(n)).length;
  expect([by(9), by(10)]).toEqual([3, 7]);
  await until(() => toldOf('ip9').length > 0);
  expect(toldOf('ip9')).toMatchObject([
    { type: 'limit', rule: 'warmup', provider: 'others', transport: 'ip9' },
  ]);
});

test('alone, it holds the rest until tomorrow: no attempt, no time and no message is lost for it', async () => {
  await Promise.all(Array.from({ length: 8 }, (_, i) => sent('lonely', `l${i}@one.test`)));
  await until(async () => {
    const held = await waiting('lonely');
    return (
      held.length === 5 && held.every(({ state, due }) => state === 'waiting' && due > Date.now() + 1_000)
    );
  }, 20_000);
  const midnight = (Math.floor(Date.now() / 86_400_000) + 1) * 86_400_000;
  for (const { due, attempts, expiresAt, hold } of await waiting('lonely')) {
    expect(hold).toBe('warmup');
    expect(due).toBe(midnight);
    expect(attempts).toBe(0);
    // An hour is what it has to be sent in: it still has that tomorrow.
    expect(expiresAt - due).toBeGreaterThan(3_590_000);
  }
  expect(world.mx.one.messages.filter(({ from }) => from === 'a@lonely.example')).toHaveLength(3);
  expect(await relay.base.warmup.overview(transportOf(11))).toMatchObject({
    providers: [{ provider: 'others', day: 1, cap: 3, used: 3 }],
  });
  // Its sender said how long: that holds.
  await sent('lonely', 'ttl@one.test', { header: ['X-Postino-Ttl: 10m'] });
  await until(async () =>
    (await waiting('lonely')).some(
      ({ recipient, due }) => recipient.address === 'ttl@one.test' && due > Date.now() + 1_000,
    ),
  );
  const ttl = (await waiting('lonely')).find(({ recipient }) => recipient.address === 'ttl@one.test');
  expect(ttl?.expiresAt).toBeLessThan(Date.now() + 600_000);
});

const transportOf = (n: number): Transport => {
  const transport = relay.base.settingsNow().transports.get(nameOf(n));
  if (!transport) throw new Error(`there is no ${nameOf(n)}`);
  return transport;
};

test('a pool that is not granted any more is left by what waits', async () => {
  await change(13, { paused: true });
  await sent('moving', 'granted@one.test');
  const { users } = relay.base.settings;
  await users.change('moving', (user) => ({ ...user, pool: 'pair' }), 'file');
  await change(13, { paused: false });
  expect([addressOf(4), addressOf(5)]).toContain(await peerOf('granted@one.test', 20_000));
  expect(world.mx.one.messages.filter(({ peer }) => peer === addressOf(13))).toEqual([]);
});

test('a transport with an upstream relay sends everything there, from its own address, logged in', async () => {
  const { settings, sealer } = relay.base;
  const via = sealVia(
    'up',
    { host: upstream.host, port: upstream.port, tls: 'required', verify: false, ...LOGIN },
    undefined,
    sealer,
  );
  const entry = { v: 1, name: 'up', address: '127.0.1.60', pool: 'brand', via, origin: 'command' };
  await settings.transports.add(transportSchema.parse(entry));
  await settings.transports.change('ip12', (old) => ({ ...old, draining: true }), 'file');
  await sent('own', 'who@nowhere-in-the-dns.test', { from: 'a@brand.example' });
  expect(await arrivalOf(upstream, 'who@nowhere-in-the-dns.test')).toMatchObject({
    peer: '127.0.1.60',
    user: 'me',
  });
  const stored = String(await relay.base.asking.call('HGET', 'postino:transports', 'up'));
  expect(stored).toContain('sealedPassword');
  expect(stored).not.toContain(LOGIN.password);
  // Sealed with another master key: it waits and says so, and logs in as nobody.
  await settings.transports.change('up', (old) => ({
    ...old,
    ...(old.via && { via: { ...old.via, sealedPassword: 'v1.AAAA' } }),
  }));
  await sent('own', 'locked@nowhere-in-the-dns.test', { from: 'a@brand.example' });
  await until(() =>
    events().some(
      ({ recipient, type }) => type === 'deferred' && recipient === 'locked@nowhere-in-the-dns.test',
    ),
  );
  expect(
    events().find(
      ({ recipient, type }) => type === 'deferred' && recipient === 'locked@nowhere-in-the-dns.test',
    )?.reason,
  ).toContain('cannot be opened');
  expect(upstream.messages.some(({ to }) => to === 'locked@nowhere-in-the-dns.test')).toBe(false);
  await relay.base.operate.cancel({ user: 'own' }, 'the test is over');
});

test('another address takes effect at once, and one that is not on this host is never replaced by a default', async () => {
  await change(8, { address: '127.0.1.61' });
  await relay.base.states.set('ip8', 'healthy', '');
  await until(async () => {
    await sent('alone', 'moved@two.test');
    return world.mx.two.messages.some(({ to, peer }) => to === 'moved@two.test' && peer === '127.0.1.61');
  }, 20_000);
  await change(8, { address: '192.0.2.77' });
  await until(() => !relay.running.delivery?.carriers().some(({ transport }) => transport === 'ip8'), 10_000);
  await sent('alone', 'unbound@two.test');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(world.mx.two.messages.some(({ to }) => to === 'unbound@two.test')).toBe(false);
  await change(8, { address: addressOf(8) });
  expect((await arrivalOf(world.mx.two, 'unbound@two.test', 30_000)).peer).toBe(addressOf(8));
});

test('nothing ever left by an address outside its sender’s pool and its fallback', () => {
  const numbers = (pool: PoolName): readonly string[] => POOLS[pool].map(addressOf);
  const more: Readonly<Record<string, readonly string[]>> = {
    own: numbers('spare'),
    alone: ['127.0.1.61'],
    moving: numbers('pair'),
    brand: ['127.0.1.60', ...numbers('spare'), ...numbers('tested')],
  };
  for (const { from, peer } of [...world.mx.one.messages, ...world.mx.two.messages]) {
    const sender = from.slice(2, from.indexOf('.example'));
    const pool = Object.keys(POOLS).find((name): name is PoolName => name === sender);
    if (pool) expect([...numbers(pool), ...(more[pool] ?? [])]).toContain(peer);
  }
});
