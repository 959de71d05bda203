// Commands about the health of transports, beside a whole running Postino with a fake DNS.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Event } from '../../../src/model/event.ts';
import type { CheckFinding } from '../../../src/monitor/check.ts';
import { startRelay, type Relay } from '../../support/relay.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World;
let relay: Relay;

beforeAll(async () => {
  world = await startSmallWorld();
  world.dns.table.set('2.0.0.127.bl.test', { a: ['127.0.0.2'] });
  world.dns.table.set('1.2.0.192.in-addr.arpa', { ptr: ['out1.relay.test'] });
  world.dns.table.set('out1.relay.test', { a: ['192.0.2.1'] });
  const transport = (name: string, address: string, publicAddress: string) => ({
    name,
    address,
    publicAddress,
    ehlo: `${name}.relay.test`,
    warm: true,
    pool: 'shop',
  });
  relay = await startRelay({
    world,
    config: {
      monitor: {
        every: '1s',
        blocklistsEvery: '1s',
        confirmAfter: '2s',
        cleanChecks: 2,
        blocklists: [
          { name: 'Test list', zone: 'bl.test', quarantine: ['127.0.0.2'], note: 'Ask at bl.test.' },
        ],
      },
      transports: [
        transport('out1', '127.0.1.1', '192.0.2.1'),
        transport('out2', '127.0.1.2', '192.0.2.2'),
        { name: 'office', address: '127.0.1.3', pool: 'office' },
      ],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

async function check(
  name: string,
): Promise<Readonly<{ code: number | null; findings: readonly CheckFinding[] }>> {
  const { code, stdout } = await relay.cli(['transport', 'check', name, '--json']);
  return { code, findings: JSON.parse(stdout) };
}
const told = (): readonly Event[] => relay.events().filter(({ type }) => type === 'transport-state');

test('a check says what every part of it found', async () => {
  const { code, findings } = await check('out1');
  expect(code).toBe(0);
  expect(findings.map(({ check: what, state }) => `${what} ${state}`)).toEqual([
    'state ok',
    'bind ok',
    'reverse-dns ok',
    'ehlo ok',
    'block-list ok',
    'rates ok',
  ]);
});

test('a private address without a public one is told', async () => {
  const { findings } = await check('office');
  expect(findings.find(({ check: what }) => what === 'block-list')).toMatchObject({ state: 'warning' });
});

test('names that do not fit degrade, and postino check says so', async () => {
  await expect
    .poll(() => told().map(({ key, state }) => `${key} ${state}`), { timeout: 10_000 })
    .toContain('out2 degraded');
  const { stdout } = await relay.cli(['check']);
  expect(stdout).toMatch(/WARNING +transport out2: .*192\.0\.2\.2 has no reverse DNS/);
  expect(stdout).toMatch(/ok +transport out1: .*agree/);
});

test('a listing quarantines; a check confirms it and shows the terms; clean again, it is back', async () => {
  world.dns.table.set('1.2.0.192.bl.test', { a: ['127.0.0.2'] });
  await expect
    .poll(() => told().at(-1), { timeout: 15_000 })
    .toMatchObject({
      key: 'out1',
      state: 'quarantined',
      was: 'healthy',
      rule: 'listing',
      reason: '192.0.2.1 is listed by Test list (127.0.0.2).',
    });
  const { code, findings } = await check('out1');
  expect(code).toBe(1);
  expect(findings.find(({ of }) => of === 'Test list')?.sentence).toBe(
    '192.0.2.1 at Test list: listed (127.0.0.2), which a second look confirms. Ask at bl.test.',
  );
  expect(findings[0]?.sentence).toMatch(/^It is quarantined since .* UTC: 192\.0\.2\.1 is listed/);
  world.dns.table.delete('1.2.0.192.bl.test');
  await expect
    .poll(() => told().at(-1), { timeout: 15_000 })
    .toMatchObject({ key: 'out1', state: 'healthy' });
});

test('operators quarantine and release', async () => {
  const put = await relay.cli(['transport', 'quarantine', 'out1', '--reason', 'Moving house']);
  expect(put).toMatchObject({ code: 0 });
  await expect
    .poll(() => told().at(-1), { timeout: 5000 })
    .toMatchObject({ state: 'quarantined', reason: 'Moving house', rule: 'operator' });
  const { stdout } = await relay.cli(['transport', 'release', 'out1', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ name: 'out1', state: 'healthy', cause: 'operator' });
  expect(await relay.cli(['transport', 'release', 'out1'])).toMatchObject({ code: 1 });
  expect(await relay.cli(['transport', 'quarantine', 'nobody'])).toMatchObject({ code: 1 });
  expect(await relay.cli(['transport', 'check', 'nobody'])).toMatchObject({ code: 1 });
});
