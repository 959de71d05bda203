// Who may send as whom, asked of the running relay: forged From fields, foreign envelope senders, and every way to relay for nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrivalOf, fieldsOf } from '../../support/arrival.ts';
import { Talker } from '../../support/dialog.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { startSmallWorld, type World } from '../../support/world.ts';

let world: World<'one' | 'two'>;
let relay: Relay;
const { shop, office } = relayUsers;
const form = { name: 'form', password: 'form-Secret-20' };
const parent = { name: 'parent', password: 'parent-Secret-21' };
const EXCHANGE = '127.0.0.85';

beforeAll(async () => {
  world = await startSmallWorld();
  const one = (user: typeof shop | typeof office) => ({
    name: user.name,
    password: user.password,
    networks: user.networks,
    domains: [user.domain],
    pool: user.name,
  });
  relay = await startRelay({
    world,
    config: {
      users: [
        { ...one(shop), pools: [] },
        one(office),
        { ...form, domains: [shop.domain], pool: 'shop', unauthorisedFrom: 'rewrite' },
        { ...parent, domains: ['*.parent.example'], senders: ['me@Bücher.example'], pool: 'shop' },
        {
          name: 'exchange',
          networks: [`${EXCHANGE}/32`],
          domains: [office.domain],
          pool: 'office',
          trustedSmartHost: true,
          bounceAddress: `bounces@${office.domain}`,
        },
      ],
    },
  });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

const own = `a@${shop.domain}`;
const send = (header: readonly string[], more: Partial<Parameters<typeof sendMail>[0]> = {}) =>
  sendMail({
    port: relay.ports.plain,
    user: shop,
    mail: own,
    rcpt: ['x@one.test'],
    data: Buffer.from(message(header)),
    ...more,
  });

test.each([
  ['another user’s domain', ['From: a@office.example']],
  ['a sub-domain that was not granted', ['From: a@mail.shop.example']],
  ['a domain that only ends the same', ['From: a@myshop.example']],
  ['a domain that only begins the same', ['From: a@shop.example.office.example']],
  ['two mailboxes, the second foreign', ['From: a@shop.example, b@office.example']],
  ['two mailboxes, the first foreign', ['From: b@office.example, a@shop.example']],
  ['two From fields', ['From: a@shop.example', 'From: b@office.example']],
  ['two From fields, one in capitals', ['FROM: a@shop.example', 'from: b@office.example']],
  ['a second From with a space before its colon', ['From: a@shop.example', 'From : b@office.example']],
  ['a second From behind a bare LF', ['From: a@shop.example', 'X-A: b\nFrom: b@office.example']],
  ['a group with a foreign mailbox', ['From: Team: a@shop.example, b@office.example;']],
  ['an empty group', ['From: undisclosed:;']],
  ['an own address as the name of a foreign one', ['From: "a@shop.example" <b@office.example>']],
  ['an own address unquoted before a foreign one', ['From: a@shop.example <b@office.example>']],
  ['two angle addresses', ['From: <a@shop.example> <b@office.example>']],
  ['a foreign address with an own one in a comment', ['From: b@office.example (<a@shop.example>)']],
  ['an own address in the local part', ['From: <"a@shop.example"@office.example>']],
  ['a source route', ['From: <@shop.example:b@office.example>']],
  ['an encoded word that ends the address', ['From: =?utf-8?q?a=40shop.example=3E?= <b@office.example>']],
  ['an encoded word in the place of the address', ['From: =?utf-8?q?a=40shop.example?=']],
  ['an encoded word inside the brackets', ['From: <=?utf-8?q?a=40shop.example?=@office.example>']],
  ['a Cyrillic look-alike', ['From: a@shоp.example']],
  ['the A-label of a look-alike', ['From: a@xn--shp-rmc.example']],
  ['a folded foreign address', ['From:\r\n <b@office.example>']],
  ['a NUL-like control character', ['From: a@shop.example\u0001, b@office.example']],
  ['no From at all', ['Subject: none']],
  ['an empty From', ['From: ']],
])('a From of %s is refused with a sentence', async (_, header) => {
  const replies = await send([...header, 'Subject: forged']);
  expect(replies.at(-1)).toMatch(/^55[0-9] 5\.\d\.\d .{20,}/);
});

test.each([
  ['an own address', ['From: a@shop.example']],
  ['an own address in other case', ['From: A <A@SHOP.Example>']],
  ['a name in encoded words', ['From: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <a@shop.example>']],
  ['a quoted local part', ['From: <"a b"@shop.example>']],
  ['two own mailboxes', ['From: a@shop.example, b@shop.example', 'Sender: a@shop.example']],
  ['a group of own mailboxes', ['From: Team: a@shop.example, b@shop.example;']],
])('a From with %s is taken', async (_, header) => {
  expect((await send([...header, 'Subject: mine'])).at(-1)).toMatch(/^250 2\.0\.0/);
});

test('a wildcard grants every sub-domain and not the domain, and a single address no other of its domain', async () => {
  const as = async (from: string) => (await send([`From: ${from}`], { user: parent, mail: '' })).at(-1);
  expect(await as('a@one.parent.example')).toMatch(/^250/);
  expect(await as('a@two.one.parent.example')).toMatch(/^250/);
  expect(await as('a@parent.example')).toMatch(/^550 5\.7\.1/);
  expect(await as('a@notparent.example')).toMatch(/^550 5\.7\.1/);
  expect(await as('me@xn--bcher-kva.example')).toMatch(/^250/);
  expect(await as('you@xn--bcher-kva.example')).toMatch(/^550 5\.7\.1/);
});

test.each([
  ['foreign', 'b@office.example', own],
  ['no domain', 'www-data', own],
  ['localhost', 'www-data@localhost', own],
  ['a sub-domain', 'b@mail.shop.example', own],
  ['the null sender', '', ''],
  ['another of the user', 'bounces@shop.example', 'bounces@shop.example'],
])('an envelope sender that is %s goes out as one that is the user’s', async (name, mail, want) => {
  const to = `${name.replace(/\W/g, '')}@two.test`;
  expect((await send([`From: ${own}`], { mail, rcpt: [to] })).at(-1)).toMatch(/^250/);
  expect((await arrivalOf(world.mx.two, to)).from).toBe(want);
});

test('a From that may be rewritten names the visitor, keeps the answers with him, and is signed as the shop', async () => {
  const replies = await send(['From: =?utf-8?q?J=C3=BCrgen?= <visitor@office.example>', 'Subject: form'], {
    user: form,
    mail: 'visitor@office.example',
    rcpt: ['form@one.test'],
  });
  expect(replies.at(-1)).toMatch(/^250/);
  const came = await arrivalOf(world.mx.one, 'form@one.test');
  expect(fieldsOf(came, 'from').join()).toMatch(/<no-reply@shop\.example>$/);
  expect(fieldsOf(came, 'reply-to')).toEqual(['visitor@office.example']);
  expect(came.from).toBe('no-reply@shop.example');
  expect(fieldsOf(came, 'dkim-signature').join()).toContain('d=shop.example');
});

test('a trusted smart host forwards outside mail by its address alone, and gives no bounce to strangers', async () => {
  const replies = await sendMail({
    port: relay.ports.plain,
    from: EXCHANGE,
    mail: 'ceo@elsewhere.test',
    rcpt: ['fwd@one.test'],
    data: message(['From: ceo@elsewhere.test']),
  });
  expect(replies.at(-1)).toMatch(/^250/);
  const came = await arrivalOf(world.mx.one, 'fwd@one.test');
  expect([came.from, came.peer]).toEqual([`bounces@${office.domain}`, office.address]);
  expect(fieldsOf(came, 'from')).toEqual(['ceo@elsewhere.test']);
  expect(fieldsOf(came, 'dkim-signature').join()).not.toContain('d=shop.example');
});

test('a trusted smart host steers nothing by headers: forged keys swallow no mail, and fields of vendors pass through', async () => {
  const forward = (from: string, to: string, header: readonly string[]) =>
    sendMail({
      port: relay.ports.plain,
      from: EXCHANGE,
      mail: from,
      rcpt: [to],
      data: message([`From: ${from}`, ...header]),
    });
  const key = 'X-Postino-Idempotency-Key: order-17';
  const id = idIn(await forward(`a@${office.domain}`, 'forged@one.test', [key]));
  expect(id).not.toBe('');
  const second = idIn(await forward(`a@${office.domain}`, 'real@one.test', [key, 'X-MC-Tags: a']));
  expect(second).not.toBe(id);
  const real = await arrivalOf(world.mx.one, 'real@one.test');
  expect([...fieldsOf(real, 'x-postino-idempotency-key'), ...fieldsOf(real, 'x-mc-tags')]).toEqual([]);
  await forward('ceo@elsewhere.test', 'passing@one.test', [key, 'X-SES-Outgoing: 1', 'X-MC-Tags:  a ']);
  const passed = await arrivalOf(world.mx.one, 'passing@one.test');
  expect(passed.data.toString('latin1')).toContain('\r\nX-SES-Outgoing: 1\r\nX-MC-Tags:  a \r\n');
  expect(fieldsOf(passed, 'x-postino-idempotency-key')).toEqual([]);
});

test('a network identity holds across STARTTLS', async () => {
  const talker = await Talker.open(relay.ports.starttls, { from: '127.0.0.75' });
  await talker.reply();
  await talker.say('EHLO scanner.test');
  expect(await talker.say('STARTTLS')).toMatch(/^220/);
  await talker.startTls();
  await talker.say('EHLO scanner.test');
  expect(await talker.say(`MAIL FROM:<scan@${office.domain}>`)).toMatch(/^250/);
  expect(await talker.say('RCPT TO:<tls@two.test>')).toMatch(/^250/);
  expect(await talker.say('DATA')).toMatch(/^354/);
  expect(await talker.say(`From: <scan@${office.domain}>\r\n\r\nscan\r\n.`)).toMatch(/^250/);
  talker.close();
  expect((await arrivalOf(world.mx.two, 'tls@two.test')).peer).toBe(office.address);
});

test('a log-in overrides the network identity', async () => {
  const from = '127.0.0.76';
  const as = async (domain: string, to: string) =>
    (await send([`From: a@${domain}`], { from, mail: `a@${domain}`, rcpt: [to] })).at(-1);
  expect(await as(office.domain, 'over@two.test')).toMatch(/^550 5\.7\.1/);
  expect(await as(shop.domain, 'over@two.test')).toMatch(/^250/);
  expect((await arrivalOf(world.mx.two, 'over@two.test')).peer).toBe(shop.address);
});

const kinds = ['plain', 'starttls', 'implicit', 'starttls with TLS'] as const;
const RELAY_FORMS = [
  ['a foreign sender', '<a@elsewhere.test>', '<x@one.test>'],
  ['the null sender', '<>', '<x@one.test>'],
  ['a user’s own address as sender', `<orders@${shop.domain}>`, '<x@one.test>'],
  ['a user’s own address as recipient', '<a@elsewhere.test>', `<orders@${shop.domain}>`],
  ['the relay’s own name', '<postmaster@relay.test>', '<x@one.test>'],
  ['a percent hack', '<a@elsewhere.test>', '<x%one.test@relay.test>'],
  ['a source route', '<a@elsewhere.test>', '<@relay.test:x@one.test>'],
  ['a quoted local part', '<a@elsewhere.test>', '<"x@one.test"@relay.test>'],
  ['a bang path', '<a@elsewhere.test>', '<one.test!x@relay.test>'],
  ['AUTH= in MAIL', `<a@elsewhere.test> AUTH=orders@${shop.domain}`, '<x@one.test>'],
] as const;

test.each(kinds)(
  'the listener "%s" relays nothing for strangers, in whatever form they ask',
  async (kind) => {
    for (const [form, mail, rcpt] of RELAY_FORMS) {
      const talker = await strangerAt(kind);
      if (form === 'a foreign sender')
        expect(await talker.say('AUTH PLAIN AHNob3AAd3Jvbmc=')).toMatch(/^5(?:35|38) 5\.7\.\d/);
      talker.send(`MAIL FROM:${mail}\r\nRCPT TO:${rcpt}\r\nDATA\r\n`);
      const got = [form, await talker.reply(), await talker.reply(), await talker.reply()];
      const refused = expect.stringMatching(/^5(?:30 5\.7\.0|03 5\.5\.1) .{20,}/);
      expect(got).toEqual([form, expect.stringMatching(/^530 5\.7\.0 /), refused, refused]);
      talker.close();
    }
  },
);

async function strangerAt(kind: (typeof kinds)[number]): Promise<Talker> {
  const name = kind === 'starttls with TLS' ? 'starttls' : kind;
  const talker = await Talker.open(relay.ports[name], {
    tls: kind === 'implicit',
    from: `127.0.0.${201 + kinds.indexOf(kind)}`,
  });
  await talker.reply();
  await talker.say('EHLO stranger.test');
  if (kind !== 'starttls with TLS') return talker;
  await talker.say('STARTTLS');
  await talker.startTls();
  await talker.say('EHLO stranger.test');
  return talker;
}
