// Wishes through the whole relay: what was granted happens, what was refused leaves no trace, a key sends once.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { arrivalOf, fieldsOf } from '../../support/arrival.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
const { shop, office } = relayUsers;
const HOUR = 3_600_000;

beforeAll(async () => {
  world = await startSmallWorld();
  relay = await startRelay({
    world,
    config: {
      transports: [{ name: 'shop-ip', address: shop.address, ehlo: shop.ehlo, pool: 'shop' }],
      users: [
        {
          name: shop.name,
          password: shop.password,
          domains: [shop.domain],
          pool: 'shop',
          campaigns: 'dynamic-subject',
          rules: [{ when: { recipient: '*@two.test' }, set: { tags: ['two'] } }],
        },
        { name: office.name, password: office.password, domains: [office.domain], pool: 'shop' },
      ],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

const send = (header: readonly string[], rcpt: readonly string[], mail = `<a@${shop.domain}>`) =>
  sendMail({
    port: relay.ports.plain,
    user: shop,
    mail,
    rcpt,
    data: message([`From: Shop <a@${shop.domain}>`, ...header]),
  });
const list = async () => JSON.parse((await relay.cli(['queue', 'list', '--json'])).stdout);
const eventsOf = (recipient: string) => relay.events().filter((event) => event.recipient === recipient);

test('the same key answers with the first message’s id and sends once, for each user by itself', async () => {
  const key = 'X-Postino-Idempotency-Key: order-17';
  const first = idIn(await send([key, 'Message-ID: <1@shop.example>'], ['key1@one.test']));
  const again = idIn(await send([key, 'Message-ID: <2@shop.example>'], ['key2@one.test']));
  expect(again).toBe(first);
  const other = await sendMail({
    port: relay.ports.plain,
    user: office,
    mail: `a@${office.domain}`,
    rcpt: ['key3@one.test'],
    data: message([`From: <a@${office.domain}>`, key]),
  });
  expect(idIn(other)).not.toBe(first);
  await arrivalOf(world.mx.one, 'key1@one.test');
  await arrivalOf(world.mx.one, 'key3@one.test');
  expect(world.mx.one.messages.filter(({ to }) => to === 'key2@one.test')).toEqual([]);
});

test('a hold asked for in MAIL is kept, and its time to live counts from there', async () => {
  const before = Date.now();
  const id = idIn(await send([], ['later@one.test'], `<a@${shop.domain}> HOLDFOR=3600 BY=7200;R`));
  const [held] = (await list()).filter((one: { submission: string }) => one.submission === id);
  expect(held.due - before).toBeGreaterThanOrEqual(HOUR - 1000);
  expect(held.due - before).toBeLessThan(HOUR + 60_000);
  expect(held.expiresAt - held.due).toBe(HOUR);
  expect((await relay.cli(['queue', 'cancel', '--id', id])).code).toBe(0);
});

test('recipients of a field get the message instead of the envelope’s; no control field reaches them', async () => {
  const api = 'X-SMTPAPI: {"to":["b@one.test","c@two.test"],"unique_args":{"order":"17"}}';
  await send([api, 'Subject: Ticket [17] solved'], ['placeholder@one.test']);
  const arrived = await arrivalOf(world.mx.one, 'b@one.test');
  await arrivalOf(world.mx.two, 'c@two.test');
  expect(fieldsOf(arrived, 'x-smtpapi')).toEqual([]);
  expect(world.mx.one.messages.some(({ to }) => to === 'placeholder@one.test')).toBe(false);
  await until(() => eventsOf('c@two.test').some(({ type }) => type === 'delivered'));
  for (const event of eventsOf('c@two.test'))
    expect(event).toMatchObject({ campaign: 'Ticket solved', tags: ['two'], metadata: { order: '17' } });
});

test('a suppressed recipient that a field names is taken, and dropped with an event', async () => {
  expect((await relay.cli(['suppression', 'add', 'gone@one.test'])).code).toBe(0);
  expect((await send([], ['gone@one.test'])).at(-1)).toMatch(
    /^550 5\.7\.1 This address is on your suppression/,
  );
  expect(idIn(await send(['X-SMTPAPI: {"to":["gone@one.test","here@one.test"]}'], ['x@one.test']))).not.toBe(
    '',
  );
  await arrivalOf(world.mx.one, 'here@one.test');
  await until(() => eventsOf('gone@one.test').some(({ type }) => type === 'dropped'));
  expect(world.mx.one.messages.some(({ to }) => to === 'gone@one.test')).toBe(false);
});

test('what was refused is in no queue and no event', async () => {
  const refused = await send(['X-MC-SigningDomain: office.example', 'Subject: refused'], ['r@one.test']);
  expect(refused.at(-1)).toMatch(/^550 5\.7\.1 This user may not use office\.example for the signature/);
  expect((await list()).some((one: { recipient: string }) => one.recipient === 'r@one.test')).toBe(false);
  expect(eventsOf('r@one.test')).toEqual([]);
});
