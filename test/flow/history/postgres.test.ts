// The history in PostgreSQL when things go wrong: restarts, cuts, refusals, two writers; and its partitions.
import { createServer, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { historyConfig } from '../../../src/history/config.ts';
import type { History, Place, Recorded } from '../../../src/history/history.ts';
import { parsePostgresUrl, type PostgresAddress } from '../../../src/history/postgres/address.ts';
import {
  openPostgresHistory,
  openPostgresReader,
  type PostgresOptions,
} from '../../../src/history/postgres/open.ts';
import { openPostgresRebuilding } from '../../../src/history/postgres/rebuild.ts';
import { comparePlaces } from '../../../src/history/place.ts';
import { traffic } from '../../support/history-events.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';

const DAY = 86_400_000;
const FROM = Date.UTC(2026, 4, 1);
const some = { seed: 11, from: FROM, to: FROM + 2 * DAY, deliveries: 600, conversations: true };
const whole = { since: 0, until: Date.UTC(2027, 0, 1), limit: 1000 };

let server: TestPostgres;
const opened: { close(): Promise<void> }[] = [];

function optionsOf(
  url = server.database(),
  config: Parameters<typeof historyConfig.parse>[0] = {},
): PostgresOptions {
  const address = parsePostgresUrl(url);
  if (typeof address === 'string') throw new Error(address);
  return { address, config: historyConfig.parse(config), key: 'a secret', poolSize: 3 };
}

function open(options: PostgresOptions): History {
  const history = openPostgresHistory(options);
  opened.push(history);
  return history;
}

/** What the sink does: reads on from the cursor, again and again, until all is taken. */
async function feed(
  history: History,
  batches: readonly (readonly Recorded[])[],
  tries = 300,
): Promise<number> {
  let failures = 0;
  for (let left = tries; left > 0; left--) {
    try {
      const done = await history.cursor();
      for (const batch of batches.filter((one) => isLeft(one, done))) await history.take(batch);
      return failures;
    } catch {
      failures++;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('never done');
}

function isLeft(batch: readonly Recorded[], done: Place | undefined): boolean {
  const last = batch.at(-1)?.cursor;
  return last !== undefined && (!done || comparePlaces(last, done) > 0);
}

async function told(history: Pick<History, 'statistics' | 'search' | 'timeline'>): Promise<unknown> {
  const { items } = await history.search({ limit: 1000 });
  return {
    items,
    all: await history.statistics(whole),
    links: await history.statistics({ ...whole, by: 'link' }),
    providers: await history.statistics({ ...whole, by: 'provider', every: 'day' }),
    stories: await Promise.all(items.slice(0, 20).map(({ submission }) => history.timeline(submission))),
  };
}

describe.skipIf(noPostgres !== undefined)('the history in PostgreSQL', () => {
  let want: unknown;
  const batches = [...traffic(some, 60)];

  beforeAll(async () => {
    server = startPostgres();
    const calm = open(optionsOf());
    await feed(calm, batches);
    want = await told(calm);
  }, 60_000);
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  afterAll(() => server.stop());

  test('is exact after the server was restarted in the middle, several times', async () => {
    const history = open(optionsOf());
    let done = false;
    const feeding = feed(history, batches).finally(() => (done = true));
    let restarts = 0;
    for (; restarts < 3 && !done; restarts++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      server.restart(restarts === 1 ? 'fast' : 'immediate');
    }
    expect(await feeding).toBeGreaterThan(0);
    expect(await told(history)).toEqual(want);
  }, 120_000);

  test('is exact after its connection was cut anywhere', async () => {
    const options = optionsOf();
    const proxy = await startProxy(options.address);
    const history = open({
      ...options,
      address: { ...options.address, host: '127.0.0.1', port: proxy.port },
    });
    let done = false;
    const feeding = feed(history, batches, 2000).finally(() => (done = true));
    let cuts = 0;
    for (; !done && cuts < 40; cuts++) {
      await new Promise((resolve) => setTimeout(resolve, 20 + ((cuts * 37) % 90)));
      proxy.cut();
    }
    expect(await feeding).toBeGreaterThan(0);
    expect(await told(history)).toEqual(want);
    await history.close();
    await proxy.stop();
  }, 120_000);

  test('takes up its lock again when the server still believes in a connection that is gone', async () => {
    const options = optionsOf();
    const proxy = await startProxy(options.address);
    const history = open({
      ...options,
      address: { ...options.address, host: '127.0.0.1', port: proxy.port },
    });
    await history.take(batches[0] ?? []);
    proxy.cut('client side only');
    await feed(history, batches);
    expect(await told(history)).toEqual(want);
    await history.close();
    await proxy.stop();
  }, 60_000);

  test('lets one process write; another one takes over when that has ended', async () => {
    const options = optionsOf();
    const [one, other] = [open(options), open(options)];
    await one.take(batches[0] ?? []);
    await expect(other.take(batches[1] ?? [])).rejects.toThrow('Another process writes the history');
    expect(await other.reached()).toEqual(batches[0]?.at(-1)?.cursor);
    await one.close();
    await feed(other, batches);
    expect(await told(other)).toEqual(want);
  }, 60_000);

  test('says what is wrong, and goes on when it is right again', async () => {
    const url = server.database();
    const options = optionsOf(url);
    const history = open(options);
    await history.take(batches[0] ?? []);
    server.sql(`ALTER DATABASE ${options.address.database} SET default_transaction_read_only = on`);
    server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postino'`);
    await expect(failing(() => history.take(batches[1] ?? []))).resolves.toMatch(/read-only|does not answer/);
    await expect(failing(() => history.take(batches[1] ?? []))).resolves.toContain('PostgreSQL is read-only');
    expect((await history.search({ limit: 5 })).items).toHaveLength(5);
    server.sql(`ALTER DATABASE ${options.address.database} RESET default_transaction_read_only`);
    server.halt();
    await expect(failing(() => history.search({ limit: 1 }))).resolves.toContain(
      'PostgreSQL does not answer',
    );
    await expect(failing(() => history.take(batches[1] ?? []))).resolves.toContain(
      'PostgreSQL does not answer',
    );
    server.start();
    await feed(history, batches);
    expect(await told(history)).toEqual(want);
    const missing = open(optionsOf(url.replace(/test\d+/, 'nowhere')));
    await expect(failing(() => missing.cursor())).resolves.toContain(
      'database of history.store does not exist',
    );
    const stranger = open(optionsOf(url.replace('postino@', 'nobody:s3cret@')));
    const refusal = await failing(() => stranger.cursor());
    expect(refusal).toContain('refuses the name or the password');
    expect(refusal).not.toContain('s3cret');
  }, 60_000);

  test('is made anew beside the one in use, while events come in', async () => {
    const options = optionsOf();
    const history = open(options);
    const half = batches.length >> 1;
    await feed(history, batches.slice(0, half));
    server.sql('UPDATE postino.counts SET delivered = delivered + 7', options.address.database);
    const rebuilding = openPostgresRebuilding(options);
    for (const batch of batches.slice(0, half)) await rebuilding.take(batch);
    let meanwhile: Promise<number> | undefined;
    const done = await rebuilding.swap(async () => {
      meanwhile = feed(history, batches);
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const batch of batches.slice(half, half + 3)) await rebuilding.take(batch);
    });
    expect(done).toEqual({ months: ['2026-05'], kept: [] });
    await rebuilding.close();
    await meanwhile;
    expect(await told(history)).toEqual(want);
    const schemas = "SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'postino%'";
    expect(server.sql(schemas, options.address.database)).toBe('postino');
    // What the event log has no more is not thrown away.
    const late = openPostgresRebuilding(options);
    await late.take(batches[5] ?? []);
    expect(await late.swap(() => Promise.resolve())).toMatchObject({ months: [] });
    await late.close();
    expect(await told(history)).toEqual(want);
  }, 60_000);

  test('has a partition for each day, made ahead, and drops those that are kept no longer', async () => {
    const options = optionsOf(undefined, { keep: { deliveries: '10d', conversations: '3d' } });
    const history = open(options);
    await feed(history, batches);
    const count = (): number =>
      Number(
        server.sql(
          "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind = 'r'",
          options.address.database,
        ),
      );
    // Two days of deliveries and two ahead, two tables each.
    expect(count()).toBe(8);
    await history.prune(FROM + 6 * DAY);
    const sql = 'SELECT count(*) FROM postino.events WHERE conversation IS NOT NULL';
    expect(server.sql(sql, options.address.database)).toBe('0');
    const pruned = await history.prune(FROM + 11 * DAY);
    expect(pruned.files).toEqual(['2026-05-01']);
    expect(pruned.deliveries).toBe(300);
    expect(count()).toBe(6);
    expect((await history.search({ limit: 1000 })).items).toHaveLength(300);
    expect((await history.statistics(whole)).total.accepted).toBe(600);
    expect((await history.state()).deliveries).toBe(300);
  }, 60_000);

  test('is read by others before, while and after it is written', async () => {
    const options = optionsOf();
    const reader = openPostgresReader(options);
    opened.push(reader);
    expect((await reader.search({ limit: 5 })).items).toEqual([]);
    const history = open(options);
    const feeding = feed(history, batches);
    for (let i = 0; i < 10; i++) await reader.statistics(whole);
    await feeding;
    expect(await told(reader)).toEqual(want);
  }, 60_000);

  test('leaves tables of a newer version alone when these say so', async () => {
    const options = optionsOf();
    const history = open(options);
    await history.take(batches[0] ?? []);
    await history.close();
    server.sql("UPDATE postino.meta SET value = '7' WHERE name = 'version'", options.address.database);
    const beside = open(options);
    await feed(beside, batches);
    expect(await told(beside)).toEqual(want);
    await beside.close();
    server.sql("UPDATE postino.meta SET value = '7' WHERE name = 'needs'", options.address.database);
    await expect(failing(() => open(options).cursor())).resolves.toContain('is for version 7');
  }, 60_000);
});

async function failing(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'it worked';
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

type Proxy = Readonly<{ port: number; cut(how?: 'client side only'): void; stop(): Promise<void> }>;

/** Between a client over TCP and the server's socket, to be cut. */
async function startProxy({ host }: PostgresAddress): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const proxy = createServer((near) => {
    const far = connect(join(host, '.s.PGSQL.5432'));
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) socket.on('error', () => undefined);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => near.write(bytes));
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut: (how) => {
      for (const [near, far] of pairs) {
        near.destroy();
        if (how === undefined) far.destroy();
      }
      if (how === undefined) pairs.clear();
    },
    stop: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await new Promise((resolve) => void proxy.close(resolve));
    },
  };
}

test.runIf(noPostgres !== undefined)(`PostgreSQL: ${noPostgres ?? ''}`, () => undefined);
