// The whole relay: what goes in comes out whole, signed, from the right address, and failures come back to the sender.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticate } from 'mailauth';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
const { shop } = relayUsers;

beforeAll(async () => {
  world = await startSmallWorld();
  world.dns.table.set('null.test', { mx: [[0, '.']] });
  world.dns.table.set('nowhere.test', { fail: 'nxdomain' });
  world.dns.table.set('shop.example', { mx: [[10, 'mx.one.test']] });
  relay = await startRelay({
    world,
    config: {
      delivery: { retry: { steps: ['1s'], expire: '1h' } },
      // The same address fails more than once here.
      suppression: { hard: false },
      system: { pool: 'shop', domain: 'relay.test' },
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

const send = (rcpt: readonly string[], data: string, mail = `orders@${shop.domain}`) =>
  sendMail({ port: relay.ports.plain, user: shop, mail, rcpt, data });
const arrived = async (host: 'one' | 'two', to: string) => {
  await until(() => world.mx[host].messages.some((one) => one.to === to));
  const found = world.mx[host].messages.find((one) => one.to === to);
  if (!found) throw new Error(`nothing for ${to}`);
  return found;
};

test('a message to two domains arrives at each, byte for byte, signed, from the transport, without what is ours', async () => {
  const body = '.dots\r\n..two\r\n\r\ntrailing   \r\n';
  const header = [
    `From: Shop <orders@${shop.domain}>`,
    'To: a@one.test',
    'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
    'Message-ID: <m1@shop.example>',
    'Bcc: hidden@two.test',
    'Return-Path: <x@y.example>',
    'X-MC-Tags: secret',
    'X-Postino-Tag: spring',
  ];
  const replies = await send(['a@one.test', 'hidden@two.test'], message(header, body));
  expect(replies.at(-1)).toMatch(/^250 2\.0\.0 Ok: queued as [0-9A-Z]{26}$/);
  const one = await arrived('one', 'a@one.test');
  const two = await arrived('two', 'hidden@two.test');
  for (const came of [one, two]) {
    const text = came.data.toString('latin1');
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(body);
    expect(text).not.toMatch(/^(bcc|return-path|x-mc-|x-postino-)/im);
    expect(text).not.toContain('hidden@two.test');
    expect([came.peer, came.ehlo]).toEqual([shop.address, shop.ehlo]);
    const keys = await relay.dkimRecords(shop.domain);
    const { dkim } = await authenticate(came.data, {
      sender: came.from,
      ip: came.peer,
      trustReceived: false,
      resolver: async (name: string) => [[keys[name] ?? '']],
    });
    expect(dkim.results.map(({ status }) => status.result)).toEqual(['pass', 'pass']);
  }
  expect(one.tls).toBeDefined();
  expect(two.tls).toBeUndefined();
});

test.each([
  ['a mailbox that does not exist', 'missing@one.test', '5.1.1'],
  ['a domain that takes no mail (null MX)', 'a@null.test', '5.1.10'],
  ['a domain that does not exist', 'a@nowhere.test', '5.1.2'],
])('%s bounces once, and the sender gets a report', async (_, to, status) => {
  const sender = `s${Math.random().toString(36).slice(2)}@${shop.domain}`;
  const before = world.mx.one.messages.length;
  await send([to], message([`From: <${sender}>`, 'Subject: fails']), sender);
  const report = await arrived('one', sender);
  expect(report.from).toBe('');
  const text = report.data.toString('latin1');
  expect(text).toMatch(/^Content-Type: multipart\/report/im);
  expect(text).toContain(`Status: ${status}`);
  expect(text).toContain(`Final-Recipient: rfc822;`);
  await until(() => relay.events().some((event) => event.type === 'bounced' && event.recipient === to));
  expect(world.mx.one.messages.slice(before).filter((one) => one.to === sender)).toHaveLength(1);
});

test('a null sender and NOTIFY=NEVER get no report', async () => {
  const before = world.mx.one.messages.length;
  const header = [`From: <orders@${shop.domain}>`, 'Subject: quiet'];
  await send(['missing@one.test'], message(header), '');
  await send(['<missing@one.test> NOTIFY=NEVER'], message(header));
  const bounces = () =>
    relay.events().filter(({ type, subject }) => type === 'bounced' && subject === 'quiet');
  await until(() => bounces().length === 2);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(world.mx.one.messages.length).toBe(before);
});

test('a greylisted message is tried again from the same address and arrives', async () => {
  await send(['greylist@one.test'], message([`From: <orders@${shop.domain}>`, 'Subject: grey']));
  const came = await arrived('one', 'greylist@one.test');
  expect(came.peer).toBe(shop.address);
  await until(() =>
    relay.events().some(({ type, recipient }) => type === 'delivered' && recipient === 'greylist@one.test'),
  );
  const types = relay
    .events()
    .flatMap(({ type, recipient }) => (recipient === 'greylist@one.test' ? [type] : []));
  expect(types).toEqual(['accepted', 'deferred', 'delivered']);
});

test('5 MB and 8-bit text go through a file and arrive byte for byte', async () => {
  const body = `${'Größe äöü '.repeat(7)}\r\n`.repeat(60_000);
  const data = Buffer.from(
    message(
      [
        `From: <orders@${shop.domain}>`,
        'Subject: large',
        'MIME-Version: 1.0',
        'Content-Type: text/plain; charset=utf-8',
        'Content-Transfer-Encoding: 8bit',
      ],
      body,
    ),
  );
  const replies = await sendMail({
    port: relay.ports.plain,
    user: shop,
    mail: `orders@${shop.domain}`,
    rcpt: ['large@one.test'],
    data,
  });
  expect(replies.at(-1)).toMatch(/^250/);
  const came = await arrived('one', 'large@one.test');
  expect(came.data.subarray(came.data.indexOf('\r\n\r\n') + 4).equals(Buffer.from(body))).toBe(true);
});

test.each([
  ['another user domain', 'From: <a@office.example>'],
  ['a sub-domain that is not granted', 'From: <a@sub.shop.example>'],
  ['a look-alike', 'From: <a@shоp.example>'],
  ['two mailboxes, one of them foreign', `From: <a@${shop.domain}>, <b@office.example>`],
])('a From of %s is refused with a sentence', async (_, from) => {
  const replies = await send(['a@one.test'], message([from, 'Subject: forged']));
  expect(replies.at(-1)).toMatch(/^55[034] 5\./);
});

test('a MAIL FROM that is not the user’s own is replaced', async () => {
  await send(
    ['wp@one.test'],
    message([`From: <wordpress@${shop.domain}>`, 'Subject: wp']),
    'www-data@localhost',
  );
  expect((await arrived('one', 'wp@one.test')).from).toBe(`wordpress@${shop.domain}`);
});

test('a client on a listed network needs no password, and nobody else relays', async () => {
  const office = relayUsers.office;
  const data = message([`From: <scan@${office.domain}>`, 'Subject: scan']);
  const mail = `scan@${office.domain}`;
  const known = await sendMail({
    port: relay.ports.plain,
    from: '127.0.0.75',
    mail,
    rcpt: ['scan@two.test'],
    data,
  });
  expect(known.at(-1)).toMatch(/^250 2\.0\.0/);
  expect((await arrived('two', 'scan@two.test')).peer).toBe(office.address);
  for (const port of [relay.ports.plain, relay.ports.starttls]) {
    const stranger = await sendMail({ port, mail, rcpt: ['x@two.test'], data });
    expect(stranger.at(-1)).toMatch(/^530 5\.7\.0/);
  }
});
