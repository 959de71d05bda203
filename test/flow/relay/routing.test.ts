// Where mail leaves, and which host it goes to: never another address, whatever happens to transports.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrivalOf } from '../../support/arrival.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { startFakeMx, type FakeMx } from '../../support/fake-mx.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two' | 'busy'>;
let smartHost: FakeMx;
let relay: Relay;
const { shop, office } = relayUsers;
const LOGIN = { username: 'relay-user', password: 'smart-Secret-31' };
/** Users who are known by their address, each in a pool of its name. */
const CLIENTS = { ghost: '127.0.0.85', lone: '127.0.0.86', swap: '127.0.0.87', empty: '127.0.0.88' } as const;
type Client = keyof typeof CLIENTS;
/** Addresses of this documentation network are on no host. */
const NOWHERE = '192.0.2.77';

beforeAll(async () => {
  world = await startWorld(
    {
      one: { name: 'mx.one.test', starttls: true, host: '127.0.0.41' },
      two: { name: 'mx.two.test', host: '127.0.0.42' },
      busy: { name: 'mx.busy.test', host: '127.0.0.43', replies: { GREETING: '421 4.3.2 too busy' } },
    },
    {
      'one.test': { mx: [[10, 'mx.one.test']] },
      'mx.one.test': { a: ['127.0.0.41'] },
      'mx.two.test': { a: ['127.0.0.42'] },
      'mx.busy.test': { a: ['127.0.0.43'] },
      'mx.dead.test': { a: ['127.0.0.44'] },
      'prefers.test': {
        mx: [
          [30, 'mx.one.test'],
          [20, 'mx.two.test'],
        ],
      },
      'dead.test': {
        mx: [
          [10, 'mx.dead.test'],
          [20, 'mx.two.test'],
        ],
      },
      'busy.test': {
        mx: [
          [10, 'mx.busy.test'],
          [20, 'mx.two.test'],
        ],
      },
      'gone.test': {
        mx: [
          [10, 'no-such.host.test'],
          [20, 'mx.two.test'],
        ],
      },
      'nomx.test': { a: ['127.0.0.42'] },
      'cut.test': { mx: [[10, 'mx.one.test']], truncate: true },
    },
  );
  smartHost = await startFakeMx({ host: '127.0.0.50', starttls: true, auth: LOGIN });
  const names = ['ghost', 'lone', 'swap', 'empty'] as const;
  relay = await startRelay({
    world,
    config: {
      delivery: {
        retry: { steps: ['1s'], expire: '1h' },
        routes: [
          {
            domain: '*.routed.test',
            host: smartHost.host,
            port: smartHost.port,
            tls: 'required',
            verify: false,
            ...LOGIN,
          },
        ],
      },
      pools: [{ name: 'empty' }],
      transports: [
        { name: 'shop-ip', address: shop.address, ehlo: shop.ehlo, pool: 'shop' },
        { name: 'office-ip', address: office.address, ehlo: office.ehlo, pool: 'office' },
        { name: 'ghost-ip', address: NOWHERE, pool: 'ghost' },
      ],
      users: [
        ...[shop, office].map(({ name, password, domain }) => ({
          name,
          password,
          domains: [domain],
          pool: name,
          pools: name === 'office' ? ['shop'] : [],
        })),
        { name: 'ghost', networks: [`${CLIENTS.ghost}/32`], domains: ['ghost.example'], pool: 'ghost' },
        { name: 'empty', networks: [`${CLIENTS.empty}/32`], domains: ['empty.example'], pool: 'empty' },
      ],
    },
  });
  for (const name of names.filter((one) => one === 'lone' || one === 'swap')) {
    await relay.cli(['transport', 'add', `${name}-ip`, '--address', addressOf[name], '--pool', name]);
    const user = ['user', 'add', name, '--domain', `${name}.example`, '--pool', name, '--no-password'];
    await relay.cli([...user, '--network', `${CLIENTS[name]}/32`]);
  }
});
afterAll(async () => {
  await relay.close();
  await Promise.all([world.close(), smartHost.close()]);
});

const addressOf = { lone: '127.0.1.21', swap: '127.0.1.22' } as const;
const as = (name: Client, to: string) =>
  sendMail({
    port: relay.ports.plain,
    from: CLIENTS[name],
    mail: `a@${name}.example`,
    rcpt: [to],
    data: message([`From: <a@${name}.example>`]),
  });
const send = (user: typeof shop | typeof office, to: string, header: readonly string[] = []) =>
  sendMail({
    port: relay.ports.plain,
    user,
    mail: `a@${user.domain}`,
    rcpt: [to],
    data: message([`From: <a@${user.domain}>`, ...header]),
  });
const cli = async (...args: string[]) => {
  const { code, stdout, stderr } = await relay.cli([...args, '--json']);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${stdout} ${stderr}`);
  return JSON.parse(stdout);
};
const readyz = async () => {
  const response = await fetch(`http://127.0.0.1:${relay.ports.http}/readyz`);
  return { status: response.status, text: await response.text() };
};
const came = (to: string): boolean => world.mx.one.messages.some((one) => one.to === to);

test.each([
  ['the host of lower preference', 'a@prefers.test', 'two'],
  ['the next host when the first one is dead', 'b@dead.test', 'two'],
  ['the next host when the first one is busy', 'c@busy.test', 'two'],
  ['the next host when the first one has no address', 'd@gone.test', 'two'],
  ['the domain itself when it has no MX', 'e@nomx.test', 'two'],
  ['hosts whose list comes by TCP', 'g@cut.test', 'one'],
] as const)('mail goes to %s, from its own address', async (_, to, host) => {
  expect(idIn(await send(shop, to))).not.toBe('');
  const arrived = await arrivalOf(world.mx[host], to, 20_000);
  expect([arrived.peer, arrived.ehlo]).toEqual([shop.address, shop.ehlo]);
});

test('a route goes to its smart host over TLS with a log-in, from the transport’s address', async () => {
  expect(idIn(await send(office, 'r@sub.routed.test'))).not.toBe('');
  const arrived = await arrivalOf(smartHost, 'r@sub.routed.test');
  expect(arrived).toMatchObject({ peer: office.address, ehlo: office.ehlo, user: LOGIN.username });
  expect(arrived.tls).toBeDefined();
});

test('a pool is chosen by header only where it was granted', async () => {
  expect((await send(shop, 'p@one.test', ['X-Postino-Pool: office'])).at(-1)).toMatch(/^550 5\.7\.1 .*pool/);
  expect(idIn(await send(office, 'p@one.test', ['X-Postino-Pool: shop']))).not.toBe('');
  expect((await arrivalOf(world.mx.one, 'p@one.test')).peer).toBe(shop.address);
});

describe.concurrent('when a transport cannot be used', () => {
  test('mail whose address is not on this host waits, is told, and leaves by a later transport of its pool', async () => {
    expect(idIn(await as('ghost', 'ghost@one.test'))).not.toBe('');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(came('ghost@one.test')).toBe(false);
    expect(await readyz()).toEqual({ status: 503, text: expect.stringContaining('ghost-ip') });
    await cli('transport', 'add', 'ghost-2', '--address', '127.0.1.31', '--pool', 'ghost');
    expect((await arrivalOf(world.mx.one, 'ghost@one.test', 35_000)).peer).toBe('127.0.1.31');
  });

  test('mail of a pool without any transport waits, and leaves by the first one that the pool gets', async () => {
    expect(idIn(await as('empty', 'empty@one.test'))).not.toBe('');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(came('empty@one.test')).toBe(false);
    await cli('transport', 'add', 'empty-ip', '--address', '127.0.1.32', '--pool', 'empty');
    expect((await arrivalOf(world.mx.one, 'empty@one.test', 20_000)).peer).toBe('127.0.1.32');
  }, 90_000);

  test('mail of the last transport, removed between two attempts, waits for another of its pool', async () => {
    expect(idIn(await as('lone', 'busy@one.test'))).not.toBe('');
    await until(() => relay.events().some(({ type, user }) => type === 'deferred' && user === 'lone'));
    await cli('transport', 'remove', 'lone-ip', '--force');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await cli('transport', 'add', 'lone-2', '--address', '127.0.1.33', '--pool', 'lone');
    await until(
      () => relay.events().some(({ user, transport }) => user === 'lone' && transport === 'lone-2'),
      45_000,
    );
    const tries = relay.events().filter(({ user, type }) => user === 'lone' && type === 'deferred');
    expect(tries.map(({ localAddress }) => localAddress)).toEqual([
      ...tries.slice(1).map(() => addressOf.lone),
      '127.0.1.33',
    ]);
  }, 90_000);

  test('mail that waits for a transport which is given to another pool leaves by its own pool', async () => {
    await cli('queue', 'pause', '--user', 'swap');
    expect(idIn(await as('swap', 'swap@one.test'))).not.toBe('');
    await until(async () => (await cli('queue', 'list', '--user', 'swap'))[0]?.state === 'paused');
    await cli('transport', 'add', 'swap-2', '--address', '127.0.1.34', '--pool', 'swap');
    await cli('transport', 'set', 'swap-ip', '--pool', 'office');
    await cli('queue', 'resume', '--user', 'swap');
    expect((await arrivalOf(world.mx.one, 'swap@one.test', 45_000)).peer).toBe('127.0.1.34');
  }, 90_000);

  test('an operator cannot move mail to a transport of another pool, but to another of its own', async () => {
    await cli('queue', 'pause', '--domain', 'moves.test');
    world.dns.table.set('moves.test', { mx: [[10, 'mx.one.test']] });
    const id = idIn(await send(shop, 'm@moves.test'));
    await until(async () => (await cli('queue', 'list', '--domain', 'moves.test'))[0]?.state === 'paused');
    expect(await cli('queue', 'move', 'office-ip', '--id', id)).toEqual({ changed: 0, busy: 0 });
    await cli('transport', 'add', 'shop-2', '--address', '127.0.1.35', '--pool', 'shop');
    expect(await cli('queue', 'move', 'shop-2', '--id', id)).toEqual({ changed: 1, busy: 0 });
    await cli('queue', 'resume', '--domain', 'moves.test');
    expect((await arrivalOf(world.mx.one, 'm@moves.test', 20_000)).peer).toBe('127.0.1.35');
  }, 60_000);
});

test('nothing ever left by an address that is not of its sender’s pool', () => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    'shop.example': [shop.address, '127.0.1.35'],
    'office.example': [office.address, shop.address],
    'ghost.example': ['127.0.1.31'],
    'empty.example': ['127.0.1.32'],
    'lone.example': [addressOf.lone, '127.0.1.33'],
    'swap.example': [addressOf.swap, '127.0.1.34'],
  };
  for (const { from, peer } of [...world.mx.one.messages, ...world.mx.two.messages])
    expect(allowed[from.slice(from.indexOf('@') + 1)]).toContain(peer);
});
