// Limits of a user: what is over them waits or is refused, as the operator chose; sizes and recipients have their replies.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { arrivalOf } from '../../support/arrival.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
const { shop } = relayUsers;
const user = (name: string, limits: Readonly<Record<string, unknown>>) => ({
  name,
  password: `${name}-Secret-51`,
  domains: [shop.domain],
  pool: 'shop',
  limits,
});
const users = {
  holding: user('holding', { messagesPerHour: 2, over: 'hold' }),
  refusing: user('refusing', { messagesPerHour: 2, over: 'refuse' }),
  repeating: user('repeating', { messagesPerHour: 2, over: 'refuse' }),
  daily: user('daily', { messagesPerDay: 1, over: 'refuse' }),
  small: user('small', { messageBytes: '20KB', recipientsPerMessage: 2 }),
} as const;

beforeAll(async () => {
  // Bookings are by the hour: near its end one test would see two of them.
  const left = 3_600_000 - (Date.now() % 3_600_000);
  if (left < 25_000) await new Promise((resolve) => setTimeout(resolve, left));
  world = await startSmallWorld();
  relay = await startRelay({
    world,
    config: {
      smtp: { maxMessageBytes: '200KB', maxRecipients: 5 },
      transports: [{ name: 'shop-ip', address: shop.address, ehlo: shop.ehlo, pool: 'shop' }],
      users: [user('free', {}), ...Object.values(users)],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

const send = (
  who: Readonly<{ name: string; password: string }>,
  rcpt: readonly string[],
  more: Readonly<{ body?: string; mail?: string }> = {},
) =>
  sendMail({
    port: relay.ports.plain,
    user: who,
    mail: more.mail ?? `a@${shop.domain}`,
    rcpt,
    data: message([`From: <a@${shop.domain}>`], more.body),
  });
const free = user('free', {});
const list = async (name: string) =>
  JSON.parse((await relay.cli(['queue', 'list', '--user', name, '--json'])).stdout);

test('what is over the hourly limit is taken, waits for the next hour, and can be sent at once by hand', async () => {
  for (const to of ['h1@one.test', 'h2@one.test']) expect(idIn(await send(users.holding, [to]))).not.toBe('');
  await arrivalOf(world.mx.one, 'h2@one.test');
  const id = idIn(await send(users.holding, ['h3@one.test']));
  const [held] = await list('holding');
  expect(held).toMatchObject({ submission: id, state: 'waiting', attempts: 0 });
  expect(held.due % 3_600_000).toBe(0);
  expect(held.due).toBeGreaterThan(Date.now());
  expect(held.expiresAt - held.due).toBe(72 * 3_600_000);
  expect(world.mx.one.messages.some(({ to }) => to === 'h3@one.test')).toBe(false);
  expect((await relay.cli(['queue', 'retry', '--id', id])).code).toBe(0);
  await arrivalOf(world.mx.one, 'h3@one.test');
});

test('where the operator chose to refuse, a recipient over the limit gets 452 and a sentence, and is in no queue', async () => {
  expect(idIn(await send(users.refusing, ['r1@one.test', 'r2@one.test']))).not.toBe('');
  expect((await send(users.refusing, ['r3@one.test'])).at(-1)).toMatch(
    /^452 4\.7\.1 Too many messages this hour/,
  );
  expect(idIn(await send(users.daily, ['d1@one.test']))).not.toBe('');
  expect((await send(users.daily, ['d2@one.test'])).at(-1)).toMatch(
    /^452 4\.7\.1 Too many messages this day/,
  );
  await arrivalOf(world.mx.one, 'r2@one.test');
  expect(await list('refusing')).toEqual([]);
});

test('a message that is repeated under its key is booked once, and gets its first ID', async () => {
  const keyed = (key: string, to: string) =>
    sendMail({
      port: relay.ports.plain,
      user: users.repeating,
      mail: `a@${shop.domain}`,
      rcpt: [to],
      data: message([`From: <a@${shop.domain}>`, `X-Postino-Idempotency-Key: ${key}`]),
    });
  const id = idIn(await keyed('one', 'k1@one.test'));
  expect(id).not.toBe('');
  for (let n = 0; n < 4; n++) expect(idIn(await keyed('one', 'k1@one.test'))).toBe(id);
  expect(idIn(await keyed('two', 'k2@one.test'))).not.toBe('');
  expect((await keyed('three', 'k3@one.test')).at(-1)).toMatch(/^452 4\.7\.1 /);
  await arrivalOf(world.mx.one, 'k2@one.test');
});

test('a limit that is lifted by a command holds no more', async () => {
  expect((await relay.cli(['user', 'set', 'daily', '--messages-per-day', '0'])).code).not.toBe(0);
  const words = ['--domain', shop.domain, '--pool', 'shop', '--network', '127.0.0.91/32', '--no-password'];
  const limited = ['user', 'add', 'later', ...words, '--messages-per-day', '1', '--over', 'refuse'];
  expect((await relay.cli(limited)).code).toBe(0);
  const from = '127.0.0.91';
  const data = message([`From: <a@${shop.domain}>`]);
  const next = (to: string) =>
    sendMail({ port: relay.ports.plain, from, mail: `a@${shop.domain}`, rcpt: [to], data });
  expect(idIn(await next('l1@one.test'))).not.toBe('');
  expect((await next('l2@one.test')).at(-1)).toMatch(/^452 4\.7\.1 /);
  expect((await relay.cli(['user', 'set', 'later', '--messages-per-day', '0'])).code).toBe(0);
  expect(idIn(await next('l3@one.test'))).not.toBe('');
});

test('a user’s own number of recipients and size count before the relay’s', async () => {
  expect((await send(users.small, ['a@one.test', 'b@one.test', 'c@one.test'])).at(-1)).toMatch(
    /^452 4\.5\.3 /,
  );
  expect((await send(users.small, ['a@one.test'], { mail: `<a@${shop.domain}> SIZE=30000` })).at(-1)).toMatch(
    /^552 5\.3\.4 /,
  );
  expect(
    (await send(users.small, ['a@one.test'], { body: 'x'.repeat(70).concat('\r\n').repeat(300) })).at(-1),
  ).toMatch(/^552 5\.3\.4 /);
});

test('the relay’s own number of recipients and size hold for everybody, whatever SIZE says', async () => {
  const many = Array.from({ length: 6 }, (_, i) => `m${i}@one.test`);
  expect((await send(free, many)).at(-1)).toMatch(/^452 4\.5\.3 /);
  const body = 'x'.repeat(70).concat('\r\n').repeat(3000);
  expect((await send(free, ['a@one.test'], { body, mail: `<a@${shop.domain}> SIZE=10` })).at(-1)).toMatch(
    /^552 5\.3\.4 /,
  );
  expect((await send(free, ['a@one.test'], { mail: `<a@${shop.domain}> SIZE=300000` })).at(-1)).toMatch(
    /^552 5\.3\.4 /,
  );
});
