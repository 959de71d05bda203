// Listings and bad senders seen from outside: by which address mail leaves, whose mail is held, who logs in from where.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import { embeddedSocket } from '../../../src/embedded.ts';
import { makeMmdb } from '../../support/mmdb.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { message, sendMail } from '../../support/sender.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
let folder: string;
const CLIENTS = { shop: '127.0.0.65', sloppy: '127.0.0.85' } as const;
type Client = keyof typeof CLIENTS;

beforeAll(async () => {
  world = await startSmallWorld();
  folder = mkdtempSync(join(tmpdir(), 'postino-geo-'));
  const geo = join(folder, 'countries.mmdb');
  writeFileSync(geo, makeMmdb({ '127.0.0.90/32': 'IT', '127.0.0.91/32': 'FR' }));
  const { table } = world.dns;
  table.set('2.0.0.127.bl.test', { a: ['127.0.0.2'] });
  for (const n of [1, 2]) {
    table.set(`${n}.2.0.192.in-addr.arpa`, { ptr: [`out${n}.relay.test`] });
    table.set(`out${n}.relay.test`, { a: [`192.0.2.${n}`] });
  }
  const transport = (n: number) => ({
    name: `out${n}`,
    address: `127.0.1.${n}`,
    publicAddress: `192.0.2.${n}`,
    ehlo: `out${n}.relay.test`,
    pool: 'shop',
    warm: true,
  });
  const user = (name: Client) => ({
    name,
    networks: [`${CLIENTS[name]}/32`],
    domains: [`${name}.example`],
    pool: 'shop',
    notifications: 'off',
  });
  relay = await startRelay({
    world,
    config: {
      tracking: { geo },
      delivery: { retry: { steps: ['2s'] } },
      monitor: {
        every: '1s',
        blocklistsEvery: '1s',
        confirmAfter: '2s',
        cleanChecks: 2,
        blocklists: [{ name: 'Test list', zone: 'bl.test', quarantine: ['127.0.0.2'] }],
        senders: { bounces: { minimum: 20, warn: 10, slow: 20, stop: 40 }, stopFor: '1h' },
      },
      transports: [transport(1), transport(2)],
      users: [
        user('shop'),
        user('sloppy'),
        {
          name: 'traveller',
          password: relayUsers.shop.password,
          domains: ['traveller.example'],
          pool: 'shop',
        },
      ],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

let sent = 0;
async function send(client: Client, rcpt: string): Promise<void> {
  const from = `news@${client}.example`;
  const to = { port: relay.ports.plain, from: CLIENTS[client], mail: from, rcpt: [rcpt] };
  const replies = await sendMail({
    ...to,
    data: message([`From: ${from}`, `To: ${rcpt}`, `Subject: No. ${sent++}`]),
  });
  expect(replies.at(-1)).toMatch(/^250/);
}
/** To domains of their own, so that both transports have their share. */
async function sendSome(count: number, local = 'kim'): Promise<void> {
  for (let n = 0; n < count; n++) await send('shop', `${local}@d${sent}.test`);
}
const took = () => [...world.mx.one.messages, ...world.mx.two.messages];
const peers = (from: number): readonly string[] =>
  [
    ...new Set(
      took()
        .slice(from)
        .map(({ peer }) => peer),
    ),
  ].sort();
const notices = (type: Event['type']): readonly Event[] =>
  relay.events().filter((event) => event.type === type);
const stateOf = (name: string): string | undefined =>
  notices('transport-state').findLast(({ key }) => key === name)?.state;

describe('a listing', () => {
  test('empties its transport within a check interval, nothing leaves by it, and it comes back when it is clean', async () => {
    for (let n = 0; n < 2000; n++) world.dns.table.set(`d${n}.test`, { mx: [[10, 'mx.two.test']] });
    await sendSome(20);
    await expect.poll(() => took().length, { timeout: 20_000 }).toBe(20);
    expect(peers(0)).toEqual(['127.0.1.1', '127.0.1.2']);

    // What waits for a later try at both.
    for (let n = 0; n < 20; n++) await send('shop', `busy@d${sent}.test`);
    world.dns.table.set('1.2.0.192.bl.test', { a: ['127.0.0.2'] });
    await expect.poll(() => stateOf('out1'), { timeout: 20_000 }).toBe('quarantined');
    const since = notices('transport-state').at(-1)?.at ?? 0;
    await expect
      .poll(
        async () => {
          const { stdout } = await relay.cli(['queue', 'list', '--transport', 'out1', '--json']);
          return JSON.parse(stdout).length;
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(0);
    const before = took().length;
    await sendSome(20);
    await expect.poll(() => took().length, { timeout: 20_000 }).toBe(before + 20);
    expect(peers(before)).toEqual(['127.0.1.2']);
    const late = relay
      .events()
      .filter(
        ({ transport, at, type }) =>
          transport === 'out1' && at > since + 2000 && /deferred|delivered|bounced/.test(type),
      );
    expect(late).toEqual([]);

    world.dns.table.delete('1.2.0.192.bl.test');
    await expect.poll(() => stateOf('out1'), { timeout: 20_000 }).toBe('healthy');
    const again = took().length;
    await sendSome(20);
    await expect.poll(() => took().length, { timeout: 20_000 }).toBe(again + 20);
    expect(peers(again)).toEqual(['127.0.1.1', '127.0.1.2']);
  }, 120_000);
});

describe('a sender whose mail bounces', () => {
  test('is stopped with a reason, and goes on when an operator lets it', async () => {
    for (let n = 0; n < 12; n++) await send('sloppy', `missing@d${n}.test`);
    await expect
      .poll(() => notices('sender-state').findLast(({ key }) => key === 'sloppy')?.state, { timeout: 30_000 })
      .toBe('stopped');
    const { stdout } = await relay.cli(['user', 'show', 'sloppy']);
    expect(stdout).toMatch(/sending +stopped since .*: .*bounces within 24 hours/);
    const before = took().length;
    await send('sloppy', 'kim@d1.test');
    await send('shop', 'kim@d1.test');
    await expect.poll(() => took().length, { timeout: 20_000 }).toBe(before + 1);
    expect(took().at(-1)?.from).toBe('news@shop.example');
    expect((await relay.cli(['queue', 'resume', '--user', 'sloppy'])).code).toBe(0);
    await expect.poll(() => took().length, { timeout: 20_000 }).toBe(before + 2);
    await expect
      .poll(() => notices('sender-state').findLast(({ key }) => key === 'sloppy')?.state, { timeout: 20_000 })
      .toBe('fine');
  }, 120_000);
});

test('countries of log-ins are noted, of those that succeed alone', async () => {
  const { password } = relayUsers.shop;
  const from = 'a@traveller.example';
  const logIn = (address: string, secret: string) =>
    sendMail({
      port: relay.ports.plain,
      from: address,
      user: { name: 'traveller', password: secret },
      mail: from,
      rcpt: ['kim@one.test'],
      data: message([`From: ${from}`, 'Subject: On the way']),
    });
  for (const address of ['127.0.0.90', '127.0.0.90', '127.0.0.91', '127.0.0.92'])
    expect((await logIn(address, password)).at(-1)).toMatch(/^(250|5)/);
  await logIn('127.0.0.91', 'wrong');
  const redis = new Redis({ path: embeddedSocket(relay.data) ?? '' });
  await expect
    .poll(async () => Object.keys(await redis.hgetall('postino:logins:traveller')).sort())
    .toEqual(['FR', 'FR last', 'IT', 'IT last']);
  await redis.quit();
});
