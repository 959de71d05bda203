// The history's disk is full: mail flows, its events are kept, the log says what is wrong; with room again nothing is missing.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventLog, Recorded } from '../../../src/events/log.ts';
import { historyConfig } from '../../../src/history/config.ts';
import { openSqliteHistory } from '../../../src/history/sqlite/open.ts';
import { startInside, type InsideRelay } from '../../support/inside-relay.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { message, sendMail } from '../../support/sender.ts';

const MAILS = 5;
const root = mkdtempSync(join(tmpdir(), 'postino-full-'));
const data = join(root, 'data');
const folder = join(data, 'history');
mkdirSync(folder, { recursive: true, mode: 0o700 });
/** Too little for the first file. */
const mounted =
  process.getuid?.() === 0 &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', folder]).status === 0;
let redis: TestRedis;
let relay: InsideRelay;

beforeAll(async () => {
  redis = await startRedis();
  if (!mounted) return;
  relay = await startInside({
    redis: redis.url,
    roles: ['submission', 'delivery'],
    world: { dns: { server: '127.0.0.1:9' }, mxPort: 9 } as never,
    config: {
      data,
      domains: [{ name: 'shop.example' }],
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [{ name: 'shop', domains: ['shop.example'], networks: ['127.0.0.66/32'] }],
    },
  });
}, 240_000);
afterAll(async () => {
  await relay?.close();
  await redis?.stop();
  if (mounted) spawnSync('umount', ['-l', folder]);
  rmSync(root, { recursive: true, force: true });
});

const send = (n: number): Promise<unknown> =>
  sendMail({
    port: relay.port,
    from: '127.0.0.66',
    mail: 'shop@shop.example',
    rcpt: [`rossi${n}@example.net`],
    data: message(['From: <shop@shop.example>', `Subject: La fattura ${n}`], 'body\r\n'),
  });

/** Asks until the answer is there, at most two minutes. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const found = await ask().catch(() => undefined);
    if (found !== undefined) return found;
    await relay.base.clock.sleep(200);
  }
  throw new Error('it never came');
}

const delivered = async (events: EventLog): Promise<true | undefined> => {
  const { events: found } = await events.search({ types: ['delivered'] }, 100);
  return found.length === MAILS ? true : undefined;
};

test.skipIf(!mounted)(
  'mail is delivered and told while the history has no room, and is all in it once there is',
  async () => {
    for (let n = 0; n < MAILS; n++) await send(n);
    await until(() => delivered(relay.base.eventLog));
    const { history } = relay.base;
    // What the sink is told, and the log and the alert say.
    const beside = openSqliteHistory({ folder, config: historyConfig.parse({}), key: 'k' });
    const events: Recorded[] = [];
    for await (const batch of relay.base.eventLog.read(undefined)) events.push(...batch);
    await expect(beside.take(events)).rejects.toThrow(/The disk has no room for the history/);
    await beside.close();
    const page = await history?.search({ limit: 50 }).catch(() => undefined);
    expect(page?.items ?? []).toEqual([]);

    expect(spawnSync('mount', ['-o', 'remount,size=64m', folder]).status).toBe(0);
    const rows = await until(async () => {
      const found = await history?.search({ limit: 50, status: 'delivered' });
      return found?.items.length === MAILS ? found.items : undefined;
    });
    expect(rows.map(({ recipient }) => recipient).toSorted()).toEqual(
      Array.from({ length: MAILS }, (_, n) => `rossi${n}@example.net`),
    );
    const now = relay.base.clock.now();
    const counts = await history?.statistics({ since: now - 3_600_000, until: now + 60_000, limit: 1 });
    expect(counts?.total).toMatchObject({ accepted: MAILS, delivered: MAILS, bounced: 0 });
  },
  300_000,
);
