// Providers as they are: their limits are kept over all our addresses, their replies slow us down, greylisting is waited for.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { movableClock } from './clock.ts';
import { print, until } from './figures.ts';
import { startInternet, type Internet } from './internet.ts';
import { gmail, greylisting, libero, outlook, withUnknown } from './providers.ts';
import { startWorldRelay, type WorldRelay } from './relay.ts';

const MINUTE_MS = 60_000;
/** Of config/providers.yaml: connections to Google over all our addresses. */
const GOOGLE_CONNECTIONS = 5;
const GOOGLE_PER_MINUTE = 30;
const ADDRESSES = 3;

const clock = movableClock();
let internet: Internet;
let relay: WorldRelay;

beforeAll(async () => {
  internet = await startInternet(
    {
      google: {
        domains: Array.from({ length: 6 }, (_, n) => `workspace${n}.test`),
        hosts: ['aspmx.l.google.com', 'alt1.aspmx.l.google.com'],
        behaviour: { delayMs: 30 },
        tls: true,
      },
      outlook: {
        domains: ['hotmail.test'],
        hosts: ['hotmail-com.olc.protection.outlook.com'],
        behaviour: outlook(new Set(['127.0.1.1'])),
        tls: true,
      },
      libero: {
        domains: ['libero.test', 'virgilio.test'],
        hosts: ['smtp-in.libero.it'],
        behaviour: { ...libero(3), delayMs: 20 },
        tls: true,
      },
      careful: {
        domains: ['careful.test'],
        hosts: ['mx.careful.test'],
        behaviour: greylisting(4 * MINUTE_MS),
      },
      picky: { domains: ['picky.test'], hosts: ['mx.picky.test'], behaviour: withUnknown },
      dead: { domains: ['dead.test'], hosts: ['mx.dead.test'], dead: true },
    },
    clock.ticks,
  );
  relay = await startWorldRelay(internet, clock, {
    transports: Array.from({ length: ADDRESSES }, (_, n) => ({
      name: `ip${n + 1}`,
      address: `127.0.1.${n + 1}`,
      warm: true,
    })),
    users: Array.from({ length: 6 }, (_, n) => ({
      name: `user${n}`,
      networks: [`127.0.0.${65 + n}/32`],
      domains: [`user${n}.example`],
    })),
  });
});

afterAll(async () => {
  await relay?.close();
  await internet?.close();
});

/** Mail of six users to `to(n)`, so that all our addresses take part. */
async function handIn(count: number, to: (n: number) => string): Promise<void> {
  const users = Array.from({ length: 6 }, async (_, user) => {
    const post = await relay.post(`127.0.0.${65 + user}`);
    for (let n = user; n < count; n += 6) {
      const reply = await post.send(`me@user${user}.example`, to(n), `to ${to(n)}`);
      expect(reply).toMatch(/^250/);
    }
    post.close();
  });
  await Promise.all(users);
}

const peersOf = (name: string): number => new Set(internet.host(name).taken.map(({ peer }) => peer)).size;

test('connections to one provider stay within its limit over all our addresses', async () => {
  const google = internet.host('google');
  await handIn(300, (n) => `someone${n}@workspace${n % 6}.test`);
  const all = await until(() => google.taken.length >= 300, 120_000);
  print(
    `Google: 300 messages of 6 users to 6 domains by ${peersOf('google')} addresses, at most ${google.most()} connections at a time (rule: ${GOOGLE_CONNECTIONS})`,
  );
  expect(all).toBe(true);
  expect(peersOf('google')).toBeGreaterThan(1);
  expect(google.most()).toBeLessThanOrEqual(GOOGLE_CONNECTIONS);
});

test('Libero and Virgilio are one, and "Too many connections" is not provoked', async () => {
  const host = internet.host('libero');
  await handIn(120, (n) => `someone${n}@${n % 2 === 0 ? 'libero' : 'virgilio'}.test`);
  const all = await until(() => host.taken.length >= 120, 120_000);
  print(
    `Libero: 120 messages by ${peersOf('libero')} addresses, at most ${host.most()} connections at a time, ${host.refused()} refused`,
  );
  expect(all).toBe(true);
  expect(host.refused()).toBe(0);
});

test('a rate reply of Google slows the lane down', async () => {
  const google = internet.host('google');
  google.forget();
  google.behave(gmail(GOOGLE_PER_MINUTE));
  await handIn(240, (n) => `again${n}@workspace${n % 6}.test`);
  // Two replies within an hour begin the limit: ten a minute from this address.
  await until(() => google.refused() >= 2, 20_000);
  const limited = await until(() => relay.running.base.limits.list().length > 0, 10_000);
  const refused = google.refused();
  // Google's own minute has to pass: what comes within it is refused, however slowly.
  await clock.walk(2 * MINUTE_MS);
  const [taken, more] = [google.taken.length, google.refused() - refused];
  await clock.walk(5 * MINUTE_MS);
  const after = google.taken.length - taken;
  const late = google.refused() - refused - more;
  print(
    `Google's "unusual rate": ${refused} refusals until the limit of ten a minute, ${more} in the two minutes after it; in the next five ${after} taken, ${late} refused`,
  );
  expect(limited).toBe(true);
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThanOrEqual(5 * 10 * ADDRESSES + ADDRESSES);
  expect(late).toBeLessThanOrEqual(ADDRESSES);
});

test('greylisting: the second try comes when it can work, from the same address', async () => {
  const careful = internet.host('careful');
  await handIn(30, (n) => `someone${n}@careful.test`);
  await until(() => careful.asked.size >= 30, 20_000);
  const began = clock.ticks();
  while (careful.taken.length < 30 && clock.ticks() - began < 30 * MINUTE_MS) await relay.jump(20_000);
  const minutes = Math.round((clock.ticks() - began) / MINUTE_MS);
  print(
    `greylisting of 4 minutes: all ${careful.taken.length} arrived within ${minutes} minutes, ${careful.refused()} refusals`,
  );
  expect(careful.taken).toHaveLength(30);
  // Each was refused once. Tries are not counted: one that a jump of the clock cuts off has another.
  expect(careful.refused()).toBe(30);
});

test('a listed address is suspended at Outlook, and unknown recipients bounce', async () => {
  const host = internet.host('outlook');
  await handIn(60, (n) => `someone${n}@hotmail.test`);
  await handIn(20, (n) => `${n % 4 === 0 ? 'gone' : 'there'}${n}@picky.test`);
  await until(() => internet.host('picky').taken.length >= 15, 20_000);
  await until(() => host.refused() + host.taken.length >= 40, 20_000);
  const bounced = relay.running.delivery?.tallies();
  print(
    `Outlook blocks one of three addresses: ${host.taken.length} taken by the others, ${host.refused()} refused; ${internet.host('picky').refused()} unknown recipients of 20`,
  );
  expect(internet.host('picky').refused()).toBe(5);
  expect(bounced?.size).toBeGreaterThan(0);
});

test('a dead host holds nobody up', async () => {
  await handIn(30, (n) => `someone${n}@dead.test`);
  const began = performance.now();
  const before = internet.host('picky').taken.length;
  await handIn(12, (n) => `alive${n}@picky.test`);
  expect(await until(() => internet.host('picky').taken.length >= before + 12, 20_000)).toBe(true);
  print(`beside a dead host: 12 messages for another within ${Math.round(performance.now() - began)} ms`);
});
