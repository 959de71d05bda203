// Mail to ourselves through the whole relay: a letter's mailto address stops its mail, and nothing else gets in or out.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrivalOf, fieldsOf } from '../support/arrival.ts';
import { relayUsers, startRelay, type Relay } from '../support/relay.ts';
import { freePorts } from '../support/relay-process.ts';
import { idIn, message, sendMail } from '../support/sender.ts';
import { until } from '../support/until.ts';
import { startSmallWorld, type World } from '../support/world.ts';

const { shop } = relayUsers;
const DOMAIN = 'bounces.relay.test';
const MAILBOX = `unsubscribe@${DOMAIN}`;

let world: World<'one' | 'two'>;
let relay: Relay;
let port = 0;

async function start(more: Parameters<typeof startRelay>[0] = {}): Promise<Relay> {
  [port = 0] = await freePorts(1);
  return startRelay({
    world,
    ...more,
    config: {
      feedback: { domain: DOMAIN, listeners: [{ host: '127.0.0.1', port }] },
      transports: [{ name: 'shop-ip', address: shop.address, ehlo: shop.ehlo, pool: 'shop' }],
      users: [
        {
          name: shop.name,
          password: shop.password,
          networks: shop.networks,
          domains: [shop.domain],
          pool: 'shop',
          defaults: { unsubscribe: true },
        },
      ],
      ...more.config,
    },
  });
}

const send = async (to: string, header: readonly string[] = []): Promise<string> =>
  idIn(
    await sendMail({
      port: relay.ports.plain,
      user: shop,
      mail: `news@${shop.domain}`,
      rcpt: [to],
      data: message([`From: Shop <news@${shop.domain}>`, `To: ${to}`, 'Subject: News', ...header]),
    }),
  );

/** The mailto address of a letter that arrived, taken apart as a mail program does it. */
async function mailtoOf(to: string): Promise<Readonly<{ address: string; subject: string }>> {
  const letter = await arrivalOf(world.mx.one, to);
  const addresses = fieldsOf(letter, 'list-unsubscribe')[0]?.matchAll(/<([^>]+)>/g) ?? [];
  const url = new URL(
    [...addresses].map(([, one = '']) => one).find((one) => one.startsWith('mailto:')) ?? '',
  );
  return { address: decodeURIComponent(url.pathname), subject: url.searchParams.get('subject') ?? '' };
}

type Letter = Readonly<{
  from?: string;
  to?: string;
  header?: readonly string[];
  body?: string;
  source?: string;
}>;
/** Mails to ourselves; the last reply. */
const mail = async ({ from = 'ann@one.test', to = MAILBOX, header = [], body = '', source }: Letter) =>
  (
    await sendMail({
      port,
      mail: `<${from}>`,
      rcpt: [to],
      data: message(header, body),
      ...(source === undefined ? {} : { from: source }),
    })
  ).at(-1);
const orders = (recipient: string) =>
  relay.events().filter((event) => event.type === 'unsubscribed' && event.recipient === recipient);
const fold = (text: string): string => (text.match(/.{1,70}/g) ?? []).join('\r\n ');

beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(() => world.close());

describe('with all roles', () => {
  beforeAll(async () => {
    relay = await start({ config: { tracking: { url: 'https://click.relay.test' } } });
  });
  afterAll(() => relay.close());

  test('a letter’s mailto address stops its mail, with an event that says how', async () => {
    await send('anna@one.test', ['X-Postino-Campaign: spring']);
    const { address, subject } = await mailtoOf('anna@one.test');
    expect(address).toBe(MAILBOX);
    expect(subject).toMatch(/^[\w-]{60,}$/);
    const [list] = fieldsOf(await arrivalOf(world.mx.one, 'anna@one.test'), 'list-unsubscribe');
    expect(list).toMatch(/^<https:\/\/click\.relay\.test\/t\/u\/[\w-]+>, <mailto:/);
    expect(orders('anna@one.test')).toEqual([]);

    expect(await mail({ from: 'anna@one.test', header: [`Subject: ${subject}`] })).toBe('250 2.0.0 Ok');
    await until(() => orders('anna@one.test').length > 0);
    expect(orders('anna@one.test')).toMatchObject([
      {
        type: 'unsubscribed',
        how: 'mail',
        user: 'shop',
        campaign: 'spring',
        headerFrom: `news@${shop.domain}`,
      },
    ]);
    expect((await relay.cli(['suppression', 'list', 'anna@one.test'])).stdout).toContain('unsubscribed');
    const refused = await sendMail({
      port: relay.ports.plain,
      user: shop,
      mail: `news@${shop.domain}`,
      rcpt: ['anna@one.test'],
      data: message([`From: news@${shop.domain}`]),
    });
    expect(refused.at(-1)).toMatch(/^550 5\.7\.1 This address is on your suppression list/);
  });

  test('readyz and the figures tell of both public listeners', async () => {
    const http = `http://127.0.0.1:${relay.ports.http}`;
    const ready = await (await fetch(`${http}/readyz`)).text();
    expect(ready).toContain(`Mail to ourselves is taken on port ${port}.`);
    expect(ready).toMatch(/Links and the unsubscribe page are served on port \d+\./);
    const figures = await (await fetch(`${http}/metrics`)).text();
    expect(figures).toMatch(/^postino_hits_lost_total 0$/m);
    expect(figures).toMatch(/^postino_connections\{side="in",name="feedback"\} \d+$/m);
  });

  test('the topic of the letter is what is left, and again is no other order', async () => {
    await send('berta@one.test', ['X-Postino-Topic: offers']);
    const { subject } = await mailtoOf('berta@one.test');
    for (const header of [[`Subject: ${subject}`], [`Subject: Re: ${subject}`]])
      expect(await mail({ header })).toBe('250 2.0.0 Ok');
    await until(() => orders('berta@one.test').length > 0);
    expect(new Set(orders('berta@one.test').map(({ id, topic }) => `${id} ${topic}`)).size).toBe(1);
    expect(orders('berta@one.test')[0]).toMatchObject({ how: 'mail', topic: 'offers' });
    expect(await send('berta@one.test')).not.toBe('');
  });

  test.each<[string, string, (token: string) => Letter]>([
    ['folded', 'c1', (token) => ({ header: [`Subject: ${fold(token)}`] })],
    ['behind Re: and folded', 'c2', (token) => ({ header: [`Subject: Re:\r\n ${fold(token)}`] })],
    [
      'in encoded words',
      'c3',
      (token) => ({
        header: [
          `Subject: ${(token.match(/.{1,30}/g) ?? []).map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join('\r\n ')}`,
        ],
      }),
    ],
    ['in the body', 'c4', (token) => ({ header: ['Subject: unsubscribe'], body: `${token}\r\n` })],
    ['by the null sender', 'c5', (token) => ({ from: '', header: [`Subject: ${token}`] })],
    [
      'by a provider’s program',
      'c6',
      (token) => ({
        header: [`Subject: ${token}`, 'Auto-Submitted: auto-generated'],
        body: 'Sent by a program.\r\n',
      }),
    ],
  ])('a token %s is obeyed', async (_, name, letterOf) => {
    const recipient = `${name}@one.test`;
    await send(recipient);
    const { subject } = await mailtoOf(recipient);
    expect(await mail(letterOf(subject))).toBe('250 2.0.0 Ok');
    await until(() => orders(recipient).length > 0);
  });

  test('a person whose mail names nothing is told, a program is not, and neither changes a thing', async () => {
    const forged = 'EwAB'.repeat(60);
    expect(await mail({ header: ['Subject: please'], body: 'Take me off.\r\n' })).toMatch(
      /^550 5\.7\.1 No subscription/,
    );
    expect(await mail({ header: [`Subject: ${forged}`] })).toMatch(/^550 5\.7\.1/);
    expect(await mail({ from: '', header: ['Subject: Undelivered Mail'], body: 'x\r\n' })).toBe(
      '250 2.0.0 Ok',
    );
    expect(await mail({ header: ['Subject: Away', 'Auto-Submitted: auto-replied'] })).toBe('250 2.0.0 Ok');
    const before = world.mx.one.messages.length + world.mx.two.messages.length;
    const unsubscribed = () => relay.events().filter(({ type }) => type === 'unsubscribed').length;
    const count = unsubscribed();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(world.mx.one.messages.length + world.mx.two.messages.length).toBe(before);
    expect(unsubscribed()).toBe(count);
  });

  test('a token of another kind is none', async () => {
    await send('dora@one.test');
    const { subject } = await mailtoOf('dora@one.test');
    const wrong = `${subject.slice(0, -1)}${subject.endsWith('A') ? 'B' : 'A'}`;
    expect(await mail({ header: [`Subject: ${wrong}`] })).toMatch(/^550 5\.7\.1/);
    expect(orders('dora@one.test')).toEqual([]);
  });

  test('it is no way into the world, for users neither', async () => {
    const taken = world.mx.one.messages.length;
    for (const source of ['127.0.0.1', shop.networks[0].split('/')[0] ?? ''])
      for (const to of ['victim@one.test', `victim%one.test@${DOMAIN}`, `victim@${shop.domain}`])
        expect(await mail({ from: `news@${shop.domain}`, to, source })).toMatch(
          /^550 5\.1\.1 No such mailbox/,
        );
    expect(await mail({ to: `postmaster@${DOMAIN}` })).toMatch(/^550 5\.2\.1 Nobody reads mail/);
    const logIn = await sendMail({
      port,
      user: shop,
      mail: `news@${shop.domain}`,
      rcpt: ['victim@one.test'],
      data: 'x\r\n',
    });
    expect(logIn.at(-1)).toMatch(/^502 5\.5\.1/);
    expect(world.mx.one.messages.length).toBe(taken);
    const front = await sendMail({ port: relay.ports.plain, mail: '<>', rcpt: [MAILBOX], data: 'x\r\n' });
    expect(front.at(-1)).toMatch(/^530 5\.7\.0/);
  });

  test('check says whether the DNS leads its mail to us', async () => {
    const check = async () => (await relay.cli(['check'])).stdout;
    expect(await check()).toMatch(
      /WARNING {2}feedback bounces\.relay\.test: Has no MX record .* MX 10 relay\.test\./,
    );
    world.dns.table.set(DOMAIN, { mx: [[10, 'Relay.Test']] });
    expect(await check()).toMatch(/ok {7}feedback bounces\.relay\.test: Its mail comes to relay\.test\./);
  });

  test('it works again after a restart, and the stop was a good one', async () => {
    await send('emil@one.test');
    const { subject } = await mailtoOf('emil@one.test');
    expect(await relay.stop()).toBe(0);
    await relay.start();
    expect(await mail({ header: [`Subject: ${subject}`] })).toBe('250 2.0.0 Ok');
    await until(() => orders('emil@one.test').length > 0);
  });
});

describe('without the http role and without a place for links', () => {
  beforeAll(async () => {
    relay = await start({ roles: ['submission', 'delivery'] });
  });
  afterAll(() => relay.close());

  test('letters name the mailbox alone, and while Redis hangs an order waits on disk, or comes again', async () => {
    await send('fritz@one.test');
    await send('gerd@one.test');
    const [list] = fieldsOf(await arrivalOf(world.mx.one, 'fritz@one.test'), 'list-unsubscribe');
    expect(list).toMatch(/^<mailto:[^>]+>$/);
    expect(fieldsOf(await arrivalOf(world.mx.one, 'fritz@one.test'), 'list-unsubscribe-post')).toEqual([]);
    const [fritz, gerd] = [await mailtoOf('fritz@one.test'), await mailtoOf('gerd@one.test')];

    const redis = relay.redisPid() ?? 0;
    const spool = join(relay.data, 'unsubscribed');
    process.kill(redis, 'SIGSTOP');
    try {
      expect(await mail({ header: [`Subject: ${fritz.subject}`] })).toBe('250 2.0.0 Ok');
      expect(readdirSync(spool).filter((name) => name.endsWith('.json'))).toHaveLength(1);
    } finally {
      process.kill(redis, 'SIGCONT');
    }
    await until(() => orders('fritz@one.test').length > 0, 20_000);
    expect(orders('fritz@one.test')[0]).toMatchObject({ how: 'mail' });
    await until(() => readdirSync(spool).length === 0, 20_000);

    rmSync(spool, { recursive: true });
    writeFileSync(spool, 'in the way');
    process.kill(redis, 'SIGSTOP');
    try {
      expect(await mail({ header: [`Subject: ${gerd.subject}`] })).toMatch(/^451 4\.3\.0 /);
    } finally {
      process.kill(redis, 'SIGCONT');
      rmSync(spool);
    }
    await relay.cli(['queue']);
    expect(await mail({ header: [`Subject: ${gerd.subject}`] })).toBe('250 2.0.0 Ok');
    await until(() => orders('gerd@one.test').length > 0);
  });
});
