// The archive: what is kept after the last delivery, for how long, how much of it, and what forgetting a person leaves.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/ids.ts';
import { silentLog } from '../../../src/lib/log.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { userSchema } from '../../../src/model/settings.ts';
import { openArchive } from '../../../src/store/archive/archive.ts';
import { isAllIn } from '../../../src/store/archive/coming.ts';
import { placeOf, writeEntry, type Archived } from '../../../src/store/archive/entry.ts';
import { allFiles } from '../../../src/store/archive/folders.ts';
import { makeKeeper, type KeeperDeps } from '../../../src/store/archive/keeper.ts';
import { storeKeys } from '../../../src/store/keys.ts';
import { request } from '../../support/backlog.ts';
import { startApi, type Client, type TestApi } from '../../support/api.ts';
import { handClock } from '../../support/hand-clock.ts';
import { until } from '../../support/until.ts';

const DAY = 86_400_000;
let api: TestApi;
let client: Client;

beforeAll(async () => {
  api = await startApi({
    roles: ['http', 'delivery'],
    config: {
      bodies: 'file',
      domains: [{ name: 'shop.example' }, { name: 'office.example' }],
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [
        { name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'], archive: '30d' },
        { name: 'office', password: 'office-Secret-18', domains: ['office.example'] },
      ],
    },
  });
  client = await api.client();
});
afterAll(() => api.close());

async function files(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of allFiles(root)) found.push(file);
  return found;
}

async function send(more: object = {}): Promise<string> {
  const message = {
    user: 'shop',
    from: 'orders@shop.example',
    to: ['ann@example.net', 'bob@example.net'],
    subject: 'Invoice',
    text: 'Dear [name]',
    recipientData: { 'ann@example.net': { name: 'Ann' }, 'bob@example.net': { name: 'Bob' } },
  };
  const sent = await client.post('/messages', { ...message, ...more });
  expect(sent.status, sent.text).toBeLessThan(300);
  return String(sent.json.id);
}

async function found(id: string): Promise<Archived> {
  await until(async () => (await api.base.archive.find(id)) !== undefined);
  const kept = await api.base.archive.find(id);
  if (!kept) throw new Error(id);
  return kept;
}

/** Keys of Redis that are about a message, but for what ends by itself. */
async function keysOf(id: string): Promise<readonly string[]> {
  const keys = (await api.base.asking.call('KEYS', `*${id}*`)) as string[];
  return keys.filter((key) => !key.includes(':waits:') && !key.includes(':caught'));
}

test('a message is kept as it came in, with its recipients, and leaves nothing in Redis', async () => {
  const id = await send({
    attachments: [{ name: 'a.bin', content: Buffer.alloc(300_000, 7).toString('base64') }],
  });
  const kept = await found(id);
  expect(kept.body.toString()).toContain('Dear [name]');
  expect(kept.body.length).toBeGreaterThan(300_000);
  expect(Object.keys(kept.deliveries)).toEqual([`${id}-1`, `${id}-2`]);
  expect(Object.values(kept.deliveries).map(({ recipient }) => recipient.address)).toEqual([
    'ann@example.net',
    'bob@example.net',
  ]);
  await until(async () => (await keysOf(id)).length === 0);
  expect(readdirSync(join(api.relay.data, 'bodies')).filter((name) => name.endsWith('.body'))).toEqual([]);
  expect(await api.base.archive.find(id, { account: 'default', user: 'office' })).toBeUndefined();
  expect(await api.base.archive.find(id, { account: 'other' })).toBeUndefined();
}, 60_000);

test('who has no archive leaves nothing', async () => {
  const id = await send({ user: 'office', from: 'me@office.example' });
  await until(async () => (await api.base.asking.call('EXISTS', `postino:sub:default:${id}`)) === 0);
  expect(await api.base.archive.find(id)).toBeUndefined();
  expect(await api.base.asking.call('ZCARD', 'postino:archiving')).toBe(0);
}, 60_000);

test('what is switched off is shown no longer, at once', async () => {
  const id = await send();
  await found(id);
  const { users } = api.base.settings;
  await users.change('shop', ({ archive: _archive, ...user }) => user, 'file');
  expect(await api.base.archive.find(id)).toBeUndefined();
  await users.change('shop', (user) => ({ ...user, archive: 30 * DAY }), 'file');
  expect(await api.base.archive.find(id)).toBeDefined();
}, 60_000);

/** An archive of its own on a clock that is moved by hand. */
function bench(maxBytes = 1e9, readBody: KeeperDeps['readBody'] = () => Promise.resolve(undefined)) {
  const root = mkdtempSync(join(tmpdir(), 'postino-archive-'));
  const clock = handClock(Date.UTC(2026, 10, 25, 12));
  const user = (name: string, archive?: number) =>
    [name, userSchema.parse({ v: 1, name, origin: 'file', ...(archive ? { archive } : {}) })] as const;
  const users = new Map([user('shop', 30 * DAY), user('short', DAY), user('none')]);
  const settings = (): Settings => ({ users }) as unknown as Settings;
  const keeper = makeKeeper({
    redis: api.base.asking,
    prefix: 'bench:',
    root,
    maxBytes,
    clock,
    log: silentLog,
    settings,
    readBody,
    dropBody: () => Promise.resolve(),
  });
  const put = async (
    name: string,
    body: string,
    addresses: readonly string[] = ['ann@example.net'],
    subject?: string,
  ): Promise<string> => {
    const { submission } = request(addresses);
    const id = newId(clock.now());
    const deliveries = addresses.map((address, n) => [
      `${id}-${n + 1}`,
      { recipient: { address }, pins: { dkim: [] } },
    ]);
    const merge = {
      recipients: Object.fromEntries(addresses.map((address) => [address, { name: address }])),
    };
    const entry: Archived = {
      v: 1,
      submission: {
        ...submission,
        id,
        user: name,
        at: clock.now(),
        instructions: { merge },
        ...(subject ? { subject } : {}),
      },
      deliveries: Object.fromEntries(deliveries),
      endedAt: clock.now(),
      body: Buffer.from(body),
    };
    await writeEntry(root, entry);
    return id;
  };
  const archive = openArchive({ root, settings, now: clock.now });
  return { root, clock, keeper, put, archive, users, end: () => rmSync(root, { recursive: true }) };
}

test('each user’s messages go after their own time', async () => {
  const { root, clock, keeper, put, archive, end } = bench();
  const [long, short] = [await put('shop', 'one'), await put('short', 'two')];
  await put('none', 'three');
  clock.pass(DAY + 60_000);
  expect(await archive.find(short)).toBeUndefined();
  await keeper.prune();
  expect((await archive.find(long))?.body.toString()).toBe('one');
  expect(await files(root)).toHaveLength(1);
  clock.pass(29 * DAY);
  await keeper.prune();
  expect(await files(root)).toEqual([]);
  expect(keeper.bytes()).toBe(0);
  end();
});

test('beyond its size the oldest go first', async () => {
  const { root, clock, keeper, put, archive, end } = bench(5000);
  const ids: string[] = [];
  for (let n = 0; n < 8; n++) {
    ids.push(await put('shop', 'x'.repeat(700)));
    clock.pass(DAY / 2);
  }
  await keeper.prune();
  const kept = await Promise.all(ids.map(async (id) => (await archive.find(id)) !== undefined));
  expect(kept.lastIndexOf(false)).toBeLessThan(kept.indexOf(true));
  expect(kept.at(-1)).toBe(true);
  expect(keeper.bytes()).toBeLessThanOrEqual(5000);
  expect((await files(root)).reduce((sum, file) => sum + readFileSync(file).length, 0)).toBe(keeper.bytes());
  end();
});

test('of large messages that end together not all are in memory at once', async () => {
  const keys = storeKeys('bench:');
  let now = 0;
  let most = 0;
  const { keeper, clock, archive, end } = bench(1e9, async () => {
    most = Math.max(most, ++now);
    await systemClock.sleep(20);
    now--;
    return Buffer.from('a large body');
  });
  const ids = Array.from({ length: 12 }, () => newId(clock.now()));
  for (const id of ids) {
    const { submission } = request(['ann@example.net']);
    const large = { ...submission, id, account: 'default', user: 'shop', size: 30 * 1024 * 1024 };
    await api.base.asking.call('SET', keys.submission(`default:${id}`), JSON.stringify(large));
    await api.base.asking.call('ZADD', keys.archiving, clock.now(), `default:${id}`);
  }
  expect(await keeper.takeIn()).toBe(12);
  expect(most).toBe(2);
  expect(await archive.find(ids[11] ?? '')).toBeDefined();
  end();
});

test('a person is forgotten: alone with the message, among others without it, and with it where it is named', async () => {
  const { put, archive, root, end } = bench();
  const alone = await put('shop', 'hello');
  const among = await put('shop', 'hello', ['Ann@example.net', 'bob@example.net']);
  const named = await put('shop', 'To: ANN@example.net, bob@example.net', [
    'ann@example.net',
    'bob@example.net',
  ]);
  const other = await put('shop', 'hello', ['bob@example.net']);
  expect(await archive.forget('elsewhere', 'ann@example.net')).toMatchObject({ removed: 0, changed: 0 });
  expect(await archive.forget('default', 'ANN@example.net')).toMatchObject({ removed: 2, changed: 1 });
  expect(await archive.find(alone)).toBeUndefined();
  expect(await archive.find(named)).toBeUndefined();
  expect(Object.keys((await archive.find(among))?.deliveries ?? {})).toEqual([`${among}-2`]);
  expect(await archive.find(other)).toBeDefined();
  for (const file of await files(root))
    expect(readFileSync(file, 'utf8').toLowerCase()).not.toContain('ann@');
  end();
});

test('what names the person anywhere else goes as a whole', async () => {
  const { put, archive, root, end } = bench();
  const id = await put('shop', 'hello', ['ann@example.net', 'bob@example.net'], 'for Ann@example.net');
  expect(await archive.forget('default', 'ann@example.net')).toMatchObject({ removed: 1, changed: 0 });
  expect(await archive.find(id)).toBeUndefined();
  expect(await files(root)).toEqual([]);
  end();
});

test('a message that cannot be read is not taken for one that does not name the person', async () => {
  const { put, archive, root, clock, end } = bench();
  await put('shop', 'hello');
  mkdirSync(placeOf(root, 'shop', newId(clock.now()))?.file ?? '');
  await expect(archive.forget('default', 'ann@example.net')).rejects.toThrow('EISDIR');
  end();
});

test("what a disk has damaged is not found, stands in nobody's way, and goes where it names who is forgotten", async () => {
  const { put, archive, root, clock, end } = bench();
  const good = await put('shop', 'hello', ['ann@example.net', 'bob@example.net']);
  const damage = (text: string): string => {
    const id = newId(clock.now());
    const place = placeOf(root, 'shop', id);
    mkdirSync(place?.folder ?? '', { recursive: true });
    writeFileSync(place?.file ?? '', text.replace('ID', id));
    return id;
  };
  const bodies = [
    '',
    '{"v":1,"submission":{"id":"ID","to":"Ann@example.net"',
    '{"v":1,"submission":{"id":"ID","account":"default","for":"ann@example.net"},"deliveries":{},"endedAt":1}\nx',
    'nobody is named here',
  ];
  const ids = bodies.map(damage);
  for (const id of ids) expect(await archive.find(id)).toBeUndefined();
  expect(await archive.forget('default', 'ann@example.net')).toMatchObject({ removed: 2, changed: 1 });
  expect(await archive.find(good)).toBeDefined();
  expect(await files(root)).toHaveLength(3);
  end();
});

test('who is in a message that is on its way to others is not forgotten yet', async () => {
  const around = { redis: api.base.asking, prefix: 'coming:', clock: systemClock };
  const ended = (address: string) => JSON.stringify({ recipient: { address }, pins: { dkim: [] } });
  await around.redis.call('HSET', 'coming:ended:default:S', 'S-1', ended('Ann@example.net'));
  expect(await isAllIn(around, 'default', 'ann@example.net')).toBe(false);
  expect(await isAllIn(around, 'default', 'bob@example.net')).toBe(true);
  expect(await isAllIn(around, 'other', 'ann@example.net')).toBe(true);
  // Nobody takes it in.
  await around.redis.call('ZADD', 'coming:archiving', Date.now(), 'default:T');
  expect(await isAllIn(around, 'default', 'bob@example.net')).toBe(false);
  // What ends from now on is of others: who is forgotten gets nothing more.
  await around.redis.call('ZADD', 'coming:archiving', Date.now() + 60_000, 'default:T');
  expect(await isAllIn(around, 'default', 'bob@example.net')).toBe(true);
  await around.redis.call('DEL', 'coming:archiving', 'coming:ended:default:S');
}, 60_000);

test('what was left half written goes within the hour', async () => {
  const { root, clock, keeper, put, end } = bench();
  const id = await put('shop', 'hello');
  const part = `${placeOf(root, 'shop', id)?.file}.00000000.part`;
  writeFileSync(part, 'ann@example.net');
  utimesSync(part, clock.now() / 1000, clock.now() / 1000);
  mkdirSync(join(root, 'lost+found'));
  await keeper.prune();
  expect(readdirSync(join(part, '..'))).toHaveLength(2);
  clock.pass(3_700_000);
  await keeper.prune();
  expect(readdirSync(join(part, '..'))).toEqual([`${id}.mail`]);
  end();
});

test('no id and no name leads out of the folder', async () => {
  const { archive, end } = bench();
  for (const id of ['../../etc/passwd', '', '01KATM1V6J3Q5Z8W9X7Y6T5R4E/..', '.'.repeat(26), 'Z'.repeat(26)])
    expect(await archive.find(id)).toBeUndefined();
  end();
});
