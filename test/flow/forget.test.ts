// Forgetting a person on a relay that knows a lot of them: nothing names them afterwards, and they still get no mail.
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embeddedSocket } from '../../src/embedded.ts';
import { nothingIfMissing } from '../../src/lib/files.ts';
import { startRelay, relayUsers, type Relay } from '../support/relay.ts';
import { message, sendMail } from '../support/sender.ts';
import { until } from '../support/until.ts';
import { startSmallWorld, type World } from '../support/world.ts';

const ADA = 'Ada.Rossi@one.test';
const OTHER = 'bruno@one.test';
const { shop } = relayUsers;

let world: World<'one' | 'two'>;
let relay: Relay;
let receiver: Server;
let redis: Redis;
let posts = 0;

beforeAll(async () => {
  world = await startSmallWorld();
  receiver = createServer((request, answer) => {
    request.resume().on('end', () => answer.writeHead(200).end(`thanks for ${++posts}`));
  });
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
  relay = await startRelay({
    world,
    config: {
      events: { segmentBytes: 4096, compressAfter: '0ms' },
      webhooks: { http: true, networks: ['127.0.0.0/8'], ports: [portOf(receiver)] },
      // A bounce counts up to ten: the row of counts names who it is of.
      suppression: { scope: 'account' },
      users: [
        { ...userOf(shop), archive: '30d', suppressed: 'drop' },
        { ...userOf(relayUsers.office), suppressed: 'refuse' },
        { name: 'trial', password: 'trial-Secret-20', domains: [shop.domain], pool: 'box' },
      ],
      transports: [
        { name: 'shop-ip', address: shop.address, ehlo: shop.ehlo, pool: 'shop' },
        { name: 'office-ip', address: '127.0.1.2', ehlo: 'out2.relay.test', pool: 'office' },
        { name: 'box', kind: 'sandbox', pool: 'box' },
      ],
    },
  });
  redis = new Redis({ path: embeddedSocket(relay.data) ?? '' });
}, 120_000);
afterAll(async () => {
  redis.disconnect();
  await relay.close();
  receiver.close();
  await world.close();
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function userOf({ name, password, domain, networks }: (typeof relayUsers)[keyof typeof relayUsers]) {
  return { name, password, networks, domains: [domain], pool: name };
}

const cli = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await relay.cli([...args, '--json']);
  return { code, stderr, data: stdout === '' ? undefined : JSON.parse(stdout) };
};
type Sender = Readonly<{ name: string; password: string }>;
const send = async (to: readonly string[], headers: readonly string[] = [], user: Sender = shop) => {
  const { name, password } = user;
  const domain = name === 'office' ? relayUsers.office.domain : shop.domain;
  const data = message([`From: <orders@${domain}>`, `To: ${to.join(', ')}`, ...headers]);
  const sending = { port: relay.ports.plain, user: { name, password }, mail: `orders@${domain}` };
  return (await sendMail({ ...sending, rcpt: to, data })).at(-1) ?? '';
};

/** Everything in the data folder and in Redis that names the address, packed or not. */
async function whereNamed(address: string): Promise<readonly string[]> {
  const local = address.slice(0, address.indexOf('@')).toLowerCase();
  const names = (text: string): boolean => text.toLowerCase().includes(local);
  const found: string[] = [];
  for (const entry of readdirSync(relay.data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path).catch(nothingIfMissing);
    // A segment was compressed meanwhile, or a file was replaced: where it is now, it is looked for as well.
    if (!bytes) return whereNamed(address);
    const texts = [bytes.toString('latin1'), ...(await packedIn(path, bytes))];
    if (texts.some(names)) found.push(path.slice(relay.data.length + 1));
  }
  for (const key of await redis.keys('*'))
    if (names(key) || names(await valueOf(key))) found.push(`redis ${key.replaceAll('\0', '%')}`);
  return found.toSorted();
}

async function packedIn(path: string, bytes: Buffer): Promise<readonly string[]> {
  if (path.endsWith('.zst')) {
    const texts: string[] = [];
    const unpacking = createZstdDecompress();
    unpacking.end(bytes);
    for await (const chunk of unpacking) texts.push(Buffer.from(chunk).toString('latin1'));
    return [texts.join('')];
  }
  if (!path.endsWith('.sqlite')) return [];
  const database = new DatabaseSync(path, { readOnly: true });
  const has = database.prepare("SELECT name FROM sqlite_master WHERE name = 'chunks'").all().length > 0;
  const rows = has ? database.prepare('SELECT body FROM chunks').all() : [];
  const texts = rows.map(({ body }) =>
    unpacked(body instanceof Uint8Array ? Buffer.from(body) : Buffer.alloc(0)),
  );
  database.close();
  return texts;
}

function unpacked(body: Buffer): string {
  try {
    return zstdDecompressSync(body).toString('latin1');
  } catch {
    return body.toString('latin1');
  }
}

async function valueOf(key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return String(await redis.get(key));
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'list':
      return (await redis.lrange(key, 0, -1)).join('\n');
    case 'set':
      return (await redis.smembers(key)).join('\n');
    case 'zset':
      return (await redis.zrange(key, 0, '-1')).join('\n');
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    default:
      return '';
  }
}

test('nothing names a forgotten person, and no mail goes there', async () => {
  const ada = ADA.toLowerCase();
  expect(
    (await cli('webhook', 'add', `http://127.0.0.1:${portOf(receiver)}/`, '--shape', 'mailgun')).code,
  ).toBe(0);
  expect((await cli('recipient', 'set', ADA, '--name', 'Ada Rossi', '--field', 'city=Pisa')).code).toBe(0);
  for (let n = 0; n < 4; n++) {
    expect(await send([ADA], [`Subject: order ${n} of Ada.Rossi`])).toMatch(/^250/);
    expect(await send([OTHER], [`Subject: order ${n} of another`])).toMatch(/^250/);
  }
  expect(await send([ADA], ['Subject: trial'], { name: 'trial', password: 'trial-Secret-20' })).toMatch(
    /^250/,
  );
  await until(() => world.mx.one.messages.length === 8, 20_000);
  // A soft bounce of its own is counted in a row that is named after it.
  await redis.hset('postino:soft:default:' + ada, 'S1-1', 'soft');
  // And what waits: for later, and in the archive's and the queue's hands.
  await cli('queue', 'pause', '--domain', 'one.test');
  expect(await send([ADA], ['Subject: waits'])).toMatch(/^250/);
  await until(async () => (await cli('queue', 'list', '--recipient', ada)).data.length === 1);
  for (const more of [
    ['--reason', `asked by ${ADA}`],
    ['--topic', 'news', '--for', '30d'],
    ['--user', 'office'],
    ['--everywhere'],
  ])
    expect((await cli('suppression', 'add', ADA, ...more)).code).toBe(0);
  await until(() => posts > 0 && relay.events().length > 0);
  const sees = async (what: RegExp): Promise<boolean> =>
    (await whereNamed(ADA)).some((one) => what.test(one));
  for (const what of [
    /history\/.*sqlite/,
    /\.jsonl\.zst$/,
    /appendonlydir/,
    /archive/,
    /webhook:.*:log/,
    /caught/,
  ])
    await until(() => sees(what), 90_000);

  const { code, data, stderr } = await cli('recipient', 'forget', ADA);
  expect([code, stderr]).toEqual([0, '']);
  expect(data).toMatchObject({ known: true, complete: true, cancelled: 1, suppressions: 4, left: 0 });
  expect(data.events).toBeGreaterThan(8);
  expect(await whereNamed(ADA)).toEqual([]);
  // What others got is still there.
  expect((await whereNamed(OTHER)).length).toBeGreaterThan(3);
  expect((await cli('recipient', 'forget', ADA)).code).toBe(1);
}, 600_000);

test('the lists hold a hash, which holds the mail back at RCPT and before sending', async () => {
  await cli('queue', 'resume', '--domain', 'one.test');
  const before = world.mx.one.messages.length;
  const list = (await cli('suppression', 'list')).data;
  expect(list).toHaveLength(3);
  for (const { address, reason } of list) {
    expect(address).toMatch(/^forgotten:[\w-]{43}$/);
    expect(reason).not.toContain('ossi');
  }
  expect(await send([ADA], [], relayUsers.office)).toMatch(/^550 5\./);
  expect(await send([ADA], ['Subject: dropped'])).toMatch(/^250/);
  await until(async () => (await cli('message', 'search', '--type', 'dropped')).data.length === 1);
  expect(world.mx.one.messages).toHaveLength(before);
}, 300_000);

test('an export says hash, an import brings it back, and the address itself takes it off', async () => {
  const exported = (await relay.cli(['suppression', 'export'])).stdout;
  expect(exported.toLowerCase()).not.toContain('rossi');
  expect(exported.match(/^forgotten:/gm)).toHaveLength(3);
  expect((await cli('suppression', 'remove', ADA)).code).toBe(0);
  expect((await cli('suppression', 'remove', ADA)).code).toBe(1);
  expect((await cli('suppression', 'remove', ADA, '--everywhere')).code).toBe(0);
  await until(async () => (await send([ADA], ['Subject: again'])).startsWith('250'));
  await until(() => world.mx.one.messages.some(({ data }) => data.includes('Subject: again')), 20_000);
}, 300_000);
