// A relay with a month of mail behind it: several users, domains and campaigns, bounces, opens and clicks, and all that the pages can show.
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { simpleParser } from 'mailparser';
import { startRelay, type Relay } from '../support/relay.ts';
import { startWorld, type World } from '../support/world.ts';
import { makeClient, type Client } from './client.ts';
import { fields, letters, templates, type Letter } from './letters.ts';
import { writePast } from './past.ts';

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36',
];
const LINKS = 'https://click.shop.example';
const users = ['shop', 'office', 'newsletter', 'erp', 'booking'] as const;
const hosts = ['libero.it', 'gmail.com', 'outlook.com', 'aruba.it', 'example.net'] as const;

export type Filled = Readonly<{
  relay: Relay;
  world: World;
  /** An admin's client of the API. */
  client: Client;
  close(): Promise<void>;
}>;

export type FilledOptions = Readonly<{
  /** Deliveries of each of four campaigns in the last month. */
  past?: number;
  /** Messages sent now. */
  now?: number;
}>;

export async function startFilled({ past = 1500, now = 240 }: FilledOptions = {}): Promise<Filled> {
  const folder = mkdtempSync(join(tmpdir(), 'postino-filled-'));
  const data = join(folder, 'data');
  await writePast(join(data, 'events'), Date.now(), past);
  const world = await startWorld(
    { good: { name: 'mx.good.test', starttls: true, host: '127.0.0.41' } },
    Object.fromEntries([
      ...hosts.map((name) => [name, { mx: [[10, `mx.${name}`]] }] as const),
      ...hosts.map((name) => [`mx.${name}`, { a: ['127.0.0.41'] }] as const),
    ]),
  );
  const relay = await startRelay({ world, data, config: configuration });
  const client = await makeClient(`http://127.0.0.1:${relay.ports.http}`, relay.adminPassword);
  await setUp(client);
  await send(client, letters(now));
  await sleep(4000);
  await readLetters(world, relay.ports.tracking);
  await suppress(client);
  await historyIsThere(client, Date.now());
  return {
    relay,
    world,
    client,
    close: async () => {
      await relay.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The month before is read first: until then pages would show an empty present. */
async function historyIsThere({ ask }: Client, now: number): Promise<void> {
  for (let turn = 0; turn < 60; turn++) {
    const found = /"at":(\d+)/.exec(JSON.stringify(await ask('GET', '/messages?limit=1')))?.[1];
    if (Number(found) > now - 60_000) return;
    await sleep(1000);
  }
}

const configuration = {
  tracking: { url: LINKS },
  feedback: { domain: 'bounce.relay.example' },
  domains: [
    { name: 'shop.example', trackingHost: 'click.shop.example', brand: { name: 'The Shop' } },
    { name: 'office.example' },
    { name: 'a-rather-long-name-of-a-sender-domain.international.example' },
  ],
  transports: [
    { name: 'shop-ip', address: '127.0.1.1', ehlo: 'out1.relay.test', pool: 'shop' },
    { name: 'office-ip', address: '127.0.1.2', ehlo: 'out2.relay.test', pool: 'office' },
    { name: 'out3', address: '127.0.1.3', ehlo: 'out3.relay.test', pool: 'bulk', warmup: { day: 9 } },
    { name: 'out4', address: '127.0.1.4', ehlo: 'out4.relay.test', pool: 'bulk', weight: 3 },
    { name: 'sandbox', kind: 'sandbox', pool: 'try' },
  ],
  users: users.map((name) => ({
    name,
    password: `${name}-Secret-17`,
    domains: ['shop.example', ...(name === 'office' ? ['office.example'] : [])],
    pool: name === 'office' ? 'office' : name === 'newsletter' ? 'bulk' : name === 'booking' ? 'try' : 'shop',
    defaults: { opens: true, clicks: 'all' },
    liquid: true,
  })),
} as const;

/** What an operator has set up besides: members, keys, webhooks, templates, people. */
async function setUp({ ask }: Client): Promise<void> {
  await ask('POST', '/members', { name: 'giulia', role: 'operator' });
  await ask('POST', '/members', { name: 'support', role: 'viewer' });
  await ask('POST', '/members', { name: 'shop-owner', role: 'user', user: 'shop' });
  await ask('POST', '/keys', { name: 'Invoices of the shop', scopes: ['messages:send'], user: 'shop' });
  await ask('POST', '/keys', { name: 'Report of every night', scopes: ['statistics:read', 'events:read'] });
  const url = 'https://127.0.0.1.example/hooks/postino';
  await ask('POST', '/webhooks', { name: 'crm', url, shape: 'sendgrid', user: 'shop', types: ['bounced'] });
  await ask('POST', '/webhooks', { name: 'warehouse', url: 'https://hooks.shop.example/postino' });
  for (const { name, ...content } of templates) await ask('PUT', `/templates/${name}`, content);
  for (const [address, more] of fields)
    await ask('PATCH', `/recipients/${encodeURIComponent(address)}`, more);
}

async function suppress({ ask }: Client): Promise<void> {
  for (const [address, reason] of [
    ['luca.conti@libero.it', 'asked on the phone'],
    ['old.mailbox@aruba.it', 'left the company'],
  ])
    await ask('POST', '/suppressions', { address, reason });
}

async function send({ ask }: Client, all: readonly Letter[]): Promise<void> {
  for (const user of users) {
    const messages = all.filter((one) => one.user === user).map(({ user: _user, ...rest }) => rest);
    if (messages.length === 0) continue;
    const told = JSON.stringify(await ask('POST', '/messages/batch', { user, messages }));
    for (const [refused] of told.matchAll(/"ok":false[^}]*/g)) console.log(`${user}: ${refused}`);
  }
}

/** Opens two of three letters that came, and follows a link of one of three. */
async function readLetters({ mx }: World, port: number): Promise<void> {
  for (const [n, { data }] of (mx['good']?.messages ?? []).entries()) {
    if (n % 3 === 2) continue;
    const { html } = await simpleParser(data);
    const found = String(html).matchAll(/https:\/\/click\.shop\.example[^"\s<]+/g);
    const addresses = [...found].map(([address]) => new URL(address.replaceAll('&amp;', '&')));
    const pixel = addresses.at(-1);
    if (pixel) await visit(pixel, port, n);
    if (n % 3 === 0 && addresses[0]) await visit(addresses[0], port, n);
  }
}

function visit({ host, pathname, search }: URL, port: number, n: number): Promise<void> {
  const headers = { host, 'user-agent': AGENTS[n % AGENTS.length] ?? '' };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: pathname + search, headers }, (answer) => {
      answer.resume().once('end', resolve);
    });
    asked.once('error', reject).end();
  });
}
