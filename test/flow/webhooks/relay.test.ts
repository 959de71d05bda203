// Webhooks as customers meet them: a running relay, commands, mail that is delivered, and receivers of five services.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Values } from '../../../src/cli/command.ts';
import { webhookCommands } from '../../../src/cli/webhook.ts';
import { webhookVerbs } from '../../../src/roles/webhooks.ts';
import { freePorts } from '../../support/relay-process.ts';
import { startInside, type InsideRelay } from '../../support/inside-relay.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import * as vendors from '../../support/vendor-receivers.ts';
import { openReceiver, type Receiver } from '../../support/webhooks.ts';

const SHAPES = ['standard', 'sendgrid', 'mailgun', 'mandrill', 'smtpplus'] as const;
type ShapeName = (typeof SHAPES)[number];

let redis: TestRedis;
let relay: InsideRelay;
const receivers = new Map<ShapeName, Receiver>();
const secrets = new Map<ShapeName, string>();

beforeAll(async () => {
  redis = await startRedis();
  const ports = await freePorts(SHAPES.length);
  for (const [i, shape] of SHAPES.entries()) receivers.set(shape, await openReceiver(ports[i]));
  const user = (name: string) => ({ name, domains: [`${name}.example`] });
  relay = await startInside({
    redis: redis.url,
    roles: ['submission', 'delivery'],
    world: { dns: { server: '127.0.0.1:9' }, mxPort: 9 } as never,
    config: {
      webhooks: { http: true, ports: [...ports], networks: ['127.0.0.0/8'] },
      domains: [{ name: 'shop.example' }, { name: 'office.example' }],
      transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
      users: [
        { ...user('shop'), networks: ['127.0.0.65/32'] },
        { ...user('office'), networks: ['127.0.0.75/32'] },
      ],
    },
  });
}, 120_000);
afterAll(async () => {
  await relay.close();
  await redis.stop();
  for (const one of receivers.values()) one.close();
});

function receiver(shape: ShapeName): Receiver {
  const found = receivers.get(shape);
  if (!found) throw new Error('there is one');
  return found;
}

async function cli(words: string, arg: string, options: Values = {}) {
  const command = webhookCommands.find((one) => one.words.startsWith(`webhook ${words}`));
  const { base } = relay;
  const context = { ...webhookVerbs(base), settings: base.settings, clock: base.clock };
  const result = await command?.run(context, { url: arg, webhook: arg }, options);
  // oxlint-disable-next-line no-explicit-any -- tests look into answers of every command
  return { text: result?.text ?? '', code: result?.code, data: result?.data as any };
}

const users = { shop: '127.0.0.65', office: '127.0.0.75' } as const;
const send = (user: keyof typeof users, to: string) =>
  sendMail({
    port: relay.port,
    from: users[user],
    mail: `from@${user}.example`,
    rcpt: [to],
    data: message([`From: <from@${user}.example>`, `To: <${to}>`, 'Subject: Hello'], 'the body\r\n'),
  });

/** What a receiver understood, once it has verified. */
function readAll(shape: ShapeName): readonly Record<string, unknown>[] {
  const { hits, url } = receiver(shape);
  const secret = secrets.get(shape) ?? '';
  return hits.flatMap((hit): readonly Record<string, unknown>[] => {
    if (shape === 'standard')
      return (vendors.standardWebhooks(secret, hit) as { data: { events: Record<string, unknown>[] } }).data
        .events;
    if (shape === 'sendgrid') return vendors.sendgrid(secret, hit);
    if (shape === 'mailgun') return [vendors.mailgun(secret, hit)];
    if (shape === 'mandrill') return vendors.mandrill(secret, url, hit);
    return [Object.fromEntries(new URLSearchParams(hit.body))];
  });
}

describe('one of each shape', () => {
  test('is made by a command, which shows its secret once', async () => {
    for (const shape of SHAPES) {
      const made = await cli('add', receiver(shape).url, {
        name: shape,
        shape,
        user: 'shop',
        batchWait: '100ms',
      });
      expect([shape, made.code]).toEqual([shape, 0]);
      expect(made.text).toContain(made.data.secret);
      secrets.set(shape, made.data.secret);
    }
    const list = await cli('list', '');
    for (const shape of SHAPES) expect(list.text).toMatch(new RegExp(`${shape} +${shape} +shop +well`));
    const shown = await Promise.all(SHAPES.map((shape) => cli('show', shape)));
    const all = JSON.stringify([list, shown]);
    for (const shape of SHAPES)
      expect([shape, all.includes(secrets.get(shape) ?? '')]).toEqual([shape, shape === 'sendgrid']);
    const stored = JSON.stringify(await relay.base.asking.call('HGETALL', 'postino:webhooks'));
    for (const shape of SHAPES)
      expect([shape, stored.includes(secrets.get(shape) ?? '')]).toEqual([shape, shape === 'sendgrid']);
  });

  const bad: readonly (readonly [string, Values, number, RegExp])[] = [
    ['http://192.168.1.1:80/', {}, 2, /port 80/],
    ['https://127.0.0.1:25/', {}, 2, /port 25/],
    ['ftp://hooks.example/', {}, 2, /must begin with/],
    ['nonsense', {}, 2, /not a URL/],
    ['standard', { user: 'nobody', name: 'x' }, 2, /no user called nobody/],
    ['standard', { name: 'standard' }, 1, /already/],
    ['standard', { name: 'X y' }, 2, /--name/],
    ['standard', { type: ['nonsense'] }, 2, /--types 1/],
    ['standard', { name: 'x', parameter: ['a=[Email]'] }, 2, /Only the shape smtpplus/],
    ['standard', { name: 'x', method: 'get' }, 2, /Only the shape smtpplus/],
    ['standard', { batchSize: '0' }, 2, /--batch-size/],
    ['standard', { batchWait: 'soon' }, 2, /--batch-wait/],
    ['standard', { shape: 'postmark' }, 2, /--shape/],
    ['standard', { name: 'x', secret: 'short' }, 2, /16/],
    ['standard', { shape: 'smtpplus', parameter: ['a=[Nothing]'] }, 2, /place in brackets/],
  ];
  test.each(bad)('refuses %s with %j', async (url, options, code, why) => {
    const refused = await cli('add', url === 'standard' ? receiver('standard').url : url, options);
    expect(refused.text).toMatch(why);
    expect(refused.code).toBe(code);
  });

  test('gets a test that verifies', async () => {
    for (const shape of SHAPES) {
      const tested = await cli('test', shape, { type: 'bounced' });
      expect([shape, tested.code, tested.text]).toEqual([
        shape,
        0,
        expect.stringMatching(/^Taken: it answered 200/),
      ]);
      expect([shape, readAll(shape).length]).toEqual([shape, 1]);
      receiver(shape).hits.splice(0);
    }
    expect((await cli('test', 'mailgun', { type: 'limit' })).text).toMatch(/no word/);
  });

  test('gets what happens to mail, as its service would have told it, and nothing of other users', async () => {
    await send('office', 'other@one.test');
    await send('shop', 'good@one.test');
    for (const shape of SHAPES) await until(() => readAll(shape).length >= 2, 30_000);
    const first = (shape: ShapeName, event: string) =>
      readAll(shape).find((one) => [one['event'], one['type'], one['EventType']].includes(event));
    expect(first('standard', 'delivered')).toMatchObject({ recipient: 'good@one.test', user: 'shop' });
    expect(first('sendgrid', 'delivered')).toMatchObject({ email: 'good@one.test' });
    expect(first('mailgun', 'delivered')).toMatchObject({ recipient: 'good@one.test' });
    expect(first('mandrill', 'delivered')).toMatchObject({ msg: { email: 'good@one.test' } });
    expect(first('smtpplus', 'Delivered')).toMatchObject({ Email: 'good@one.test' });
    for (const shape of SHAPES) expect(JSON.stringify(readAll(shape))).not.toContain('other@one.test');
  });
});

describe('operating', () => {
  test('pause, resume, rotate, set, replay, log and remove', async () => {
    const { url, hits, taken } = receiver('standard');
    hits.splice(0);
    const before = taken().length;
    expect((await cli('pause', 'standard')).data).toMatchObject({ condition: 'off', enabled: false });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await send('shop', 'paused@one.test');
    await until(
      () =>
        readAll('sendgrid').some(({ email, event }) => email === 'paused@one.test' && event === 'delivered'),
      30_000,
    );
    expect(hits).toHaveLength(0);
    const turned = await cli('rotate', 'standard', { keep: '1h' });
    expect(turned.data.webhook.secrets).toHaveLength(2);
    expect((await cli('resume', 'standard')).data).toMatchObject({ enabled: true });
    await until(() => taken().length >= before + 2, 30_000);
    for (const hit of hits)
      for (const secret of [secrets.get('standard') ?? '', turned.data.secret])
        vendors.standardWebhooks(secret, hit);
    const had = taken().length;
    expect((await cli('replay', 'standard', { since: '1h' })).code).toBe(0);
    expect((await cli('replay', 'standard', {})).code).toBe(2);
    expect((await cli('replay', 'standard', { cursor: 'x' })).code).toBe(2);
    await until(() => taken().length >= had + 4, 30_000);
    const set = await cli('set', 'standard', { name: 'renamed', url: url.replace('://', '://me:secret@') });
    expect(set.data).toMatchObject({ name: 'renamed', url: url.replace('://', '://me:…@') });
    expect((await cli('set', 'renamed', { tag: ['a,b'], people: true })).data).toMatchObject({
      url: url.replace('://', '://me:…@'),
      tags: ['a', 'b'],
      people: true,
      batchWait: 100,
    });
    expect((await cli('set', 'renamed', {})).code).toBe(2);
    const log = await cli('log', 'renamed');
    expect(log.data[0]).toMatchObject({ status: 200, taken: true, answer: 'ok' });
    expect((await cli('log', 'renamed', { full: true })).text).toMatch(/> webhook-signature: …/);
    expect((await cli('show', 'renamed')).text).toMatch(/state +well/);
    const { store } = webhookVerbs(relay.base).webhooks;
    expect(await store.forget('other', 'PAUSED@one.test')).toBe(0);
    expect(await store.forget('default', 'PAUSED@one.test')).toBeGreaterThan(4);
    for (const shape of SHAPES)
      expect(JSON.stringify((await cli('log', shape === 'standard' ? 'renamed' : shape)).data)).not.toMatch(
        /paused(@|%40)/,
      );
    expect((await cli('remove', 'renamed')).code).toBe(0);
    expect((await cli('show', 'renamed')).code).toBe(1);
  });

  test('one that is gone is parked, an alert says so, and a person lets it go on', async () => {
    receiver('standard').answer((_, response) => response.writeHead(410).end());
    await cli('add', receiver('standard').url, { name: 'gone' });
    const before = receiver('standard').taken().length;
    await send('shop', 'gone@one.test');
    await until(async () => (await cli('show', 'gone')).data.condition === 'parked', 30_000);
    const alerts = async () =>
      JSON.stringify(await relay.base.asking.call('ZRANGE', 'postino:alerts:recent', 0, -1));
    await until(async () => (await alerts()).includes('The webhook gone is parked'), 30_000);
    receiver('standard').answer((_, response) => void response.end());
    await cli('resume', 'gone');
    await until(() => receiver('standard').taken().length > before, 30_000);
  });
});
