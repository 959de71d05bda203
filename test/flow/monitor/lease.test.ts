// Several processes: one of them watches, each tries its addresses, and another takes over when it ends.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { transportSchema } from '../../../src/model/settings.ts';
import { openBase, type Base } from '../../../src/roles/base.ts';
import { startMonitor, type Monitor } from '../../../src/roles/monitor.ts';
import { startFakeDns, type FakeDns } from '../../support/fake-dns.ts';
import { randomPrefix, startRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let dns: FakeDns;
let folder: string;
const bases: Base[] = [];
const monitors: Monitor[] = [];

beforeAll(async () => {
  server = await startRedis();
  dns = await startFakeDns({ '2.0.0.127.bl.test': { a: ['127.0.0.2'] } });
  folder = mkdtempSync(join(tmpdir(), 'postino-lease-'));
  const prefix = randomPrefix();
  const settings = {
    data: folder,
    redis: server.url,
    dns: { servers: [dns.server], timeout: '1s', tries: 1 },
    monitor: {
      every: '500ms',
      blocklistsEvery: '500ms',
      blocklists: [{ name: 'Test', zone: 'bl.test', quarantine: ['127.0.0.2'] }],
    },
  };
  const config = parseConfig(JSON.stringify(settings), { file: 'test.yaml', environment: {} });
  for (const _ of [1, 2])
    bases.push(await openBase({ config, redisUrl: server.url, prefix, log: silentLog, clock: systemClock }));
  const transport = {
    v: 1,
    name: 'ip1',
    address: '127.0.1.1',
    publicAddress: '192.0.2.1',
    origin: 'command',
  };
  await bases[0]?.settings.transports.add(transportSchema.parse(transport));
  await Promise.all(bases.map((base) => base.settings.refresh()));
});
afterAll(async () => {
  await Promise.all(monitors.map((monitor) => monitor.stop()));
  await Promise.all(bases.map((base) => base.close()));
  await dns.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const rounds = (): number => dns.questions.filter((question) => question === 'A 1.2.0.192.bl.test').length;
async function roundsWithin(ms: number): Promise<number> {
  const before = rounds();
  await systemClock.sleep(ms);
  return rounds() - before;
}

test('two processes ask as often as one, and both try the address', async () => {
  for (const base of bases) monitors.push(startMonitor(base));
  await expect.poll(rounds, { timeout: 5000 }).toBeGreaterThan(0);
  const count = await roundsWithin(3000);
  expect(count).toBeGreaterThanOrEqual(2);
  expect(count).toBeLessThanOrEqual(8);
  const tried = await bases[0]?.asking.call('HLEN', `${bases[0].prefix}binds:ip1`);
  expect(tried).toBe(2);
});

test('when the one that watches ends, the other goes on', async () => {
  const holder = await bases[0]?.asking.call('HGET', bases[0].keys.lease(':monitor'), 'owner');
  const first = bases.findIndex(({ owner }) => owner === holder);
  expect(first).toBeGreaterThanOrEqual(0);
  await monitors[first]?.stop();
  const before = rounds();
  await expect.poll(rounds, { timeout: 10_000 }).toBeGreaterThan(before + 2);
});

test('what one sees all know', async () => {
  dns.table.set('1.2.0.192.bl.test', { a: ['127.0.0.2'] });
  await bases[1]?.states.set('ip1', 'degraded', 'x', 'rates');
  await expect.poll(() => bases[0]?.states.stateOf('ip1').state, { timeout: 5000 }).toBe('degraded');
});
