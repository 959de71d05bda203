// Transports that come and go under fire: nothing is stranded, nothing leaves from an address of another pool.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { transportSchema } from '../../src/model/settings.ts';
import { movableClock } from './clock.ts';
import { print, until } from './figures.ts';
import { startInternet, type Internet } from './internet.ts';
import { startWorldRelay, type WorldRelay } from './relay.ts';

const MESSAGES = 600;
const DOMAINS = 12;

const clock = movableClock();
let internet: Internet;
let relay: WorldRelay;

beforeAll(async () => {
  internet = await startInternet(
    Object.fromEntries(
      Array.from({ length: DOMAINS }, (_, n) => [
        `slow${n}`,
        { domains: [`slow${n}.test`], hosts: [`mx.slow${n}.test`], behaviour: { delayMs: 150 } },
      ]),
    ),
    clock.ticks,
  );
  const transport = (n: number, pool: string) => ({ name: `ip${n}`, address: `127.0.1.${n}`, pool });
  relay = await startWorldRelay(internet, clock, {
    delivery: { connectionsPerLane: 3 },
    pools: [{ name: 'shop' }],
    transports: [transport(4, 'office')],
    users: [
      { name: 'shop', networks: ['127.0.0.65/32'], domains: ['shop.example'], pool: 'shop' },
      { name: 'office', networks: ['127.0.0.66/32'], domains: ['office.example'], pool: 'office' },
    ],
  });
  // By command, so that they can be removed by command.
  for (const n of [1, 2, 3]) {
    const { transports } = relay.running.base.settings;
    const added = await transports.add(
      transportSchema.parse({ v: 1, ...transport(n, 'shop'), origin: 'command' }),
    );
    expect(added).toMatchObject({ ok: true });
  }
});

afterAll(async () => {
  await relay?.close();
  await internet?.close();
});

const taken = () => internet.hosts().flatMap((host) => host.taken);

async function handIn(from: string, sender: string, count: number): Promise<void> {
  const post = await relay.post(from);
  for (let n = 0; n < count; n++)
    expect(await post.send(sender, `someone${n}@slow${n % DOMAINS}.test`, `${sender} ${n}`)).toMatch(/^250/);
  post.close();
}

test('one is removed and one is added while mail waits for them', async () => {
  const { transports } = relay.running.base.settings;
  await Promise.all([
    handIn('127.0.0.65', 'me@shop.example', MESSAGES),
    handIn('127.0.0.66', 'me@office.example', MESSAGES / 4),
  ]);
  const before = taken().length;
  expect(await transports.remove('ip2')).toMatchObject({ ok: true });
  const removedAt = clock.ticks();
  await transports.add(
    transportSchema.parse({ v: 1, name: 'ip5', address: '127.0.1.5', pool: 'shop', origin: 'command' }),
  );
  const total = MESSAGES + MESSAGES / 4;
  const all = await until(() => taken().length >= total, 120_000);
  const subjects = taken().map(({ subject }) => subject);
  const late = taken().filter(({ peer, at }) => peer === '127.0.1.2' && at > removedAt + 2_000);
  print(
    `removing a transport with ${total - before} deliveries waiting: ${subjects.length} of ${total} arrived, ` +
      `${subjects.length - new Set(subjects).size} twice, ${late.length} from the removed address 2 s later`,
  );
  expect(all).toBe(true);
  expect(new Set(subjects).size).toBe(total);
  expect(subjects).toHaveLength(total);
  expect(late).toEqual([]);
});

test('each pool uses its own addresses only', () => {
  const peersOf = (sender: string): readonly string[] => [
    ...new Set(
      taken()
        .filter(({ subject }) => subject.startsWith(sender))
        .map(({ peer }) => peer),
    ),
  ];
  expect(peersOf('me@office.example')).toEqual(['127.0.1.4']);
  for (const peer of peersOf('me@shop.example'))
    expect(['127.0.1.1', '127.0.1.2', '127.0.1.3', '127.0.1.5']).toContain(peer);
});
