// A whole relay with an operator's own providers: what they allow in all, rates, automation with its limits, dead sites.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Event } from '../../../src/model/event.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from '../../support/world.ts';

let world: World<'big' | 'even' | 'cross' | 'plain'>;
let relay: Relay;
const folder = mkdtempSync(join(tmpdir(), 'postino-providers-'));
const { shop, office } = relayUsers;
/** What the cross host says to RCPT, until somebody takes it out. */
const replies: Record<string, string> = { RCPT: '421 4.7.0 [XX01] slow down, please' };

const providers = {
  providers: {
    big: { mx: ['.big.test'], together: { connections: 2 }, lane: { messagesPerConnection: 3 } },
    even: { mx: ['.even.test'], lane: { messages: '120/min' } },
    cross: {
      mx: ['.cross.test'],
      automation: [
        {
          name: 'cross-xx01',
          text: '\\[XX01\\]',
          after: '2/h',
          do: { suspend: true },
          for: '1h',
          examples: ['421 4.7.0 [XX01] slow down'],
        },
      ],
    },
  },
};

beforeAll(async () => {
  writeFileSync(join(folder, 'providers.yaml'), stringify(providers));
  world = await startWorld(
    {
      big: { host: '127.0.0.41', slowMs: 60 },
      even: { host: '127.0.0.42' },
      cross: { host: '127.0.0.43', replies },
      plain: { host: '127.0.0.45' },
    },
    {
      'a.test': { mx: [[10, 'mx1.big.test']] },
      'b.test': { mx: [[10, 'mx2.big.test']] },
      'mx1.big.test': { a: ['127.0.0.41'] },
      'mx2.big.test': { a: ['127.0.0.41'] },
      'even.test': { mx: [[10, 'mx.even.test']] },
      'mx.even.test': { a: ['127.0.0.42'] },
      'cross.test': { mx: [[10, 'mx.cross.test']] },
      'mx.cross.test': { a: ['127.0.0.43'] },
      'plain.test': { mx: [[10, 'mx.plain.test']] },
      'mx.plain.test': { a: ['127.0.0.45'] },
      'dead.test': { mx: [[10, 'mx.dead.test']] },
      'mx.dead.test': { a: ['127.0.0.46'] },
    },
  );
  relay = await startRelay({
    world,
    config: {
      delivery: { retry: { steps: ['1s'], expire: '1h' }, providers: join(folder, 'providers.yaml') },
    },
  });
}, 60_000);

afterAll(async () => {
  await relay.close();
  await world.close();
  rmSync(folder, { recursive: true });
});

let sent = 0;
const send = (to: string, user: typeof shop | typeof office = shop) =>
  sendMail({
    port: relay.ports.plain,
    user,
    mail: `orders@${user.domain}`,
    rcpt: [to],
    data: message([`From: <orders@${user.domain}>`, `Subject: number ${++sent}`]),
  });
const cli = async (...args: string[]) => {
  const { stdout } = await relay.cli([...args, '--json']);
  return JSON.parse(stdout);
};
const eventsOf = (type: Event['type'], domain: string): readonly Event[] =>
  relay.events().filter((event) => event.type === type && event.recipient.endsWith(`@${domain}`));

test('connections of all transports to all sites of a provider are never more than it allows', async () => {
  const count = 12;
  for (let i = 0; i < count; i++)
    await Promise.all([send('slow@a.test'), send('slow@b.test', office), send('slow@b.test')]);
  await world.mx.big.taken(3 * count);
  expect(world.mx.big.connections().most).toBe(2);
  const peers = new Set(world.mx.big.messages.map(({ peer }) => peer));
  expect(peers).toEqual(new Set([shop.address, office.address]));
  const nth = Math.max(...world.mx.big.messages.map((one) => one.nth));
  expect(nth).toBeLessThanOrEqual(3);
  await until(() => eventsOf('delivered', 'a.test').length === count);
  expect(eventsOf('delivered', 'a.test')[0]).toMatchObject({ provider: 'big', site: 'mx:mx1.big.test' });
}, 60_000);

test('a rate is kept evenly, and costs no attempt', async () => {
  for (let i = 0; i < 6; i++) await send(`r${i}@even.test`);
  await until(() => eventsOf('delivered', 'even.test').length === 6, 20_000);
  const delivered = eventsOf('delivered', 'even.test');
  const times = delivered.map(({ at }) => at).sort((a, b) => a - b);
  expect((times[5] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2300);
  expect(delivered.every(({ attempt }) => attempt === 1)).toBe(true);
}, 60_000);

test('replies set a limit that holds mail back, is told, seen and lifted', async () => {
  await send('one@cross.test');
  const limits = async () =>
    (await cli('limit', 'list')).limits as { id: string; does: string; why: string }[];
  await until(() => relay.events().some(({ type, over }) => type === 'limit' && over !== true), 30_000);
  const [limit] = await limits();
  expect(limit).toMatchObject({
    id: 'lane:shop-ip/provider:cross:cross-xx01',
    does: 'suspended',
    why: 'The other side said (2/h): 421 4.7.0 [XX01] slow down, please',
  });
  const heard = world.mx.cross.lines.filter((line) => line.includes('RCPT')).length;
  expect(heard).toBe(2);
  await send('two@cross.test');
  await send('three@plain.test');
  await world.mx.plain.taken(1);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(world.mx.cross.lines.filter((line) => line.includes('RCPT')).length).toBe(heard);
  delete replies['RCPT'];
  expect(await cli('limit', 'show', limit?.id ?? '')).toMatchObject({ scope: 'lane', rule: 'cross-xx01' });
  expect(await cli('limit', 'cancel', limit?.id ?? '')).toEqual({ cancelled: limit?.id });
  expect(await limits()).toEqual([]);
  const came = await world.mx.cross.taken(2);
  expect(came.map(({ to }) => to).sort()).toEqual(['one@cross.test', 'two@cross.test']);
  await until(() => relay.events().some(({ type, over }) => type === 'limit' && over === true));
  const [begun, ended] = relay.events().filter(({ type }) => type === 'limit');
  expect(begun).toMatchObject({
    scope: 'lane',
    key: 'shop-ip/provider:cross',
    rule: 'cross-xx01',
    action: 'suspended',
  });
  expect(ended).toMatchObject({ over: true, reason: 'Lifted by an operator.' });
}, 90_000);

test('a dead site is left alone after some attempts, and others go on', async () => {
  for (let i = 0; i < 12; i++) await send(`d${i}@dead.test`);
  await until(() => eventsOf('deferred', 'dead.test').length >= 5, 20_000);
  await send('four@plain.test');
  await world.mx.plain.taken(2);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const tried = eventsOf('deferred', 'dead.test').length;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect(eventsOf('deferred', 'dead.test').length).toBe(tried);
}, 60_000);
