// The operator at work: every command takes effect at once, secrets stay secret, a kill loses nothing.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
const { shop } = relayUsers;

beforeAll(async () => {
  world = await startSmallWorld();
  world.dns.table.set('slow.test', { fail: 'servfail' });
  relay = await startRelay({ world });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

const data = message([`From: <orders@${shop.domain}>`, 'Subject: hello']);
const send = (to: string, user: Readonly<{ name: string; password: string }> = shop) =>
  sendMail({ port: relay.ports.plain, user, mail: `orders@${shop.domain}`, rcpt: [to], data });
const cli = async (...args: string[]) => {
  const { code, stdout, stderr } = await relay.cli([...args, '--json']);
  return { code, stderr, data: stdout === '' ? undefined : JSON.parse(stdout) };
};

test('a user that was just added sends, with a new password only the new one works, and disabled it is refused', async () => {
  const added = await relay.cli(['user', 'add', 'fresh', '--domain', shop.domain, '--pool', 'shop']);
  const password = /: (\S+)\s*$/.exec(added.stdout)?.[1] ?? '';
  expect((await send('fresh@one.test', { name: 'fresh', password })).at(-1)).toMatch(/^250/);
  const reset = await relay.cli(['user', 'reset-password', 'fresh']);
  const other = /: (\S+)\s*$/.exec(reset.stdout)?.[1] ?? '';
  await until(
    async () =>
      (await send('fresh@one.test', { name: 'fresh', password })).at(-1)?.startsWith('535') === true,
  );
  expect((await send('fresh@one.test', { name: 'fresh', password: other })).at(-1)).toMatch(/^250/);
  await relay.cli(['user', 'disable', 'fresh']);
  await until(
    async () =>
      (await send('fresh@one.test', { name: 'fresh', password: other })).at(-1)?.startsWith('535') === true,
  );
});

test('a suppressed recipient is refused at RCPT and taken again when it is removed', async () => {
  expect((await cli('suppression', 'add', 'no@one.test')).code).toBe(0);
  await until(async () => (await send('no@one.test')).at(-1)?.startsWith('550 5.') === true);
  expect((await cli('suppression', 'remove', 'no@one.test')).code).toBe(0);
  await until(async () => (await send('no@one.test')).at(-1)?.startsWith('250') === true);
});

test('a paused domain waits and goes on; what waits can be listed and cancelled', async () => {
  await cli('queue', 'pause', '--domain', 'two.test');
  await send('p1@two.test');
  await send('p2@two.test');
  await until(async () => (await cli('queue', 'list', '--domain', 'two.test')).data.length === 2);
  expect(world.mx.two.messages).toHaveLength(0);
  expect((await cli('queue', 'cancel', '--recipient', 'p2@two.test')).data).toEqual({ changed: 1, busy: 0 });
  await cli('queue', 'resume', '--domain', 'two.test');
  await until(() => world.mx.two.messages.length === 1);
  expect(world.mx.two.messages[0]?.to).toBe('p1@two.test');
});

test('a message whose DNS does not answer waits, is told, and can be cancelled', async () => {
  const id = /queued as (\S+)/.exec((await send('a@slow.test')).at(-1) ?? '')?.[1] ?? '';
  await until(() => relay.events().some((event) => event.submission === id && event.type === 'deferred'));
  const shown = await relay.cli(['message', 'show', id]);
  expect(shown.stdout).toContain('a@slow.test');
  expect((await cli('queue', 'cancel', '--id', id)).data.changed).toBe(1);
  await until(() => relay.events().some((event) => event.submission === id && event.type === 'cancelled'));
});

test('a paused transport keeps its mail, and nothing leaves by another address', async () => {
  await cli('transport', 'pause', 'shop-ip');
  await send('t@one.test');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(world.mx.one.messages.some(({ to }) => to === 't@one.test')).toBe(false);
  await cli('transport', 'resume', 'shop-ip');
  await until(() => world.mx.one.messages.some(({ to }) => to === 't@one.test'), 30_000);
  expect(world.mx.one.messages.find(({ to }) => to === 't@one.test')?.peer).toBe(shop.address);
});

test('mail of a removed transport goes to another of its pool', async () => {
  expect((await cli('transport', 'add', 'extra', '--address', '127.0.1.9', '--pool', 'extra')).code).toBe(0);
  await relay.cli([
    'user',
    'add',
    'moved',
    '--domain',
    'moved.example',
    '--pool',
    'extra',
    '--network',
    '127.0.0.91/32',
  ]);
  await cli('transport', 'pause', 'extra');
  await sendMail({
    port: relay.ports.plain,
    from: '127.0.0.91',
    mail: 'a@moved.example',
    rcpt: ['r@one.test'],
    data: message(['From: <a@moved.example>', 'Subject: moved']),
  });
  await cli('transport', 'add', 'other', '--address', '127.0.1.10', '--pool', 'extra');
  expect((await cli('transport', 'remove', 'extra')).code).toBe(0);
  await until(() => world.mx.one.messages.some(({ to }) => to === 'r@one.test'), 45_000);
  expect(world.mx.one.messages.find(({ to }) => to === 'r@one.test')?.peer).toBe('127.0.1.10');
}, 90_000);

test('usage errors exit with 2, failures with 1, and a wrong configuration with 78', async () => {
  expect((await relay.cli(['queue', 'cancel'])).code).toBe(2);
  expect((await relay.cli(['nonsense'])).code).toBe(2);
  expect((await relay.cli(['user', 'show', 'nobody'])).code).toBe(1);
});

test('health, readiness and figures are served', async () => {
  const base = `http://127.0.0.1:${relay.ports.http}`;
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  const ready = await fetch(`${base}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining('Redis answers')]);
  expect(await (await fetch(`${base}/metrics`)).text()).toContain('postino_events_total');
});

test('kill -9 and a new start lose nothing and adopt the running Redis', async () => {
  await cli('queue', 'pause', '--domain', 'two.test');
  await send('k@two.test');
  const redis = relay.redisPid();
  await relay.kill9();
  await relay.start();
  expect(relay.redisPid()).toBe(redis);
  await cli('queue', 'resume', '--domain', 'two.test');
  await until(() => world.mx.two.messages.some(({ to }) => to === 'k@two.test'), 45_000);
}, 90_000);

test('no password, key or log-in stands in logs, events or the data folder', () => {
  const secrets = [
    shop.password,
    relayUsers.office.password,
    relay.adminPassword,
    'BEGIN PRIVATE KEY',
    Buffer.from(`\0${shop.name}\0${shop.password}`).toString('base64'),
  ];
  const events = join(relay.data, 'events');
  const texts = [
    relay.log(),
    ...readdirSync(events)
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => readFileSync(join(events, name), 'utf8')),
  ];
  const aof = join(relay.data, 'redis', 'appendonlydir');
  const stored = readdirSync(aof).map((name) => readFileSync(join(aof, name), 'latin1'));
  for (const secret of secrets)
    for (const text of [...texts, ...stored]) expect(text.includes(secret)).toBe(false);
});
