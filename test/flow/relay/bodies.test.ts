// What must arrive byte for byte, to good hosts and to old ones that take 7 bits only.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { arrivalOf, fieldsOf, split } from '../../support/arrival.ts';
import { verify } from '../../support/letters.ts';
import { relayUsers, startRelay, type Relay } from '../../support/relay.ts';
import { idIn, message, sendMail } from '../../support/sender.ts';
import { until } from '../../support/until.ts';
import { startWorld, type World } from '../../support/world.ts';

let world: World<'good' | 'old'>;
let relay: Relay;
const { shop } = relayUsers;
const own = `orders@${shop.domain}`;

beforeAll(async () => {
  world = await startWorld(
    {
      good: { name: 'mx.good.test', starttls: true, host: '127.0.0.41' },
      old: { name: 'mx.old.test', keywords: ['SIZE 36000000'], host: '127.0.0.42' },
    },
    {
      'shop.example': { mx: [[10, 'mx.good.test']] },
      'good.test': { mx: [[10, 'mx.good.test']] },
      'mx.good.test': { a: ['127.0.0.41'] },
      'old.test': { mx: [[10, 'mx.old.test']] },
      'mx.old.test': { a: ['127.0.0.42'] },
    },
  );
  relay = await startRelay({ world });
});
afterAll(async () => {
  await relay.close();
  await world.close();
});

const lines = (count: number): string =>
  Array.from({ length: count }, () => `${randomBytes(48).toString('base64')}\r\n`).join('');
const mime = (type: string): readonly string[] => ['MIME-Version: 1.0', `Content-Type: ${type}`];
const SIGNED = [
  '--s',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Trailing space ',
  '\tand a tab',
  'From the start',
  '.',
  '--s',
  'Content-Type: application/pkcs7-signature; name="smime.p7s"',
  'Content-Transfer-Encoding: base64',
  '',
  lines(3).trimEnd(),
  '--s--',
  'an epilogue',
  '',
].join('\r\n');
const INVITATION = [
  'BEGIN:VCALENDAR',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  `DESCRIPTION:${'long '.repeat(180)}`,
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

const bodies = [
  ['signed by S/MIME', mime('multipart/signed; protocol="application/pkcs7-signature"; boundary=s'), SIGNED],
  ['signed by PGP', mime('multipart/signed; protocol="application/pgp-signature"; boundary=s'), SIGNED],
  ['encrypted', mime('application/pkcs7-mime; smime-type=enveloped-data'), lines(20)],
  ['a calendar', mime('text/calendar; method=REQUEST'), INVITATION],
  ['TNEF', mime('application/ms-tnef; name=winmail.dat'), lines(20)],
  ['a DSN', mime('multipart/report; report-type=delivery-status; boundary=s'), SIGNED],
  ['without MIME', [], 'just text \r\n\r\n\r\n'],
  ['empty', [], ''],
] as const;

test.each(bodies)(
  'a body that is %s arrives as it was, signed by us, at a good host and at an old one',
  async (name, header, body) => {
    const local = name.replace(/\W/g, '').toLowerCase();
    const rcpt = [`${local}@good.test`, `${local}@old.test`];
    const data = message([`From: <${own}>`, `Message-ID: <${local}@shop.example>`, ...header], body);
    expect(idIn(await sendMail({ port: relay.ports.plain, user: shop, mail: own, rcpt, data }))).not.toBe('');
    const keys = await relay.dkimRecords(shop.domain);
    for (const [host, to] of [
      ['good', rcpt[0]],
      ['old', rcpt[1]],
    ] as const) {
      const came = await arrivalOf(world.mx[host], to ?? '');
      expect(split(came).body.toString('latin1')).toBe(body);
      expect(fieldsOf(came, 'message-id')).toEqual([`<${local}@shop.example>`]);
      expect((await verify(came.data, keys)).map(({ result }) => result)).toEqual(['pass', 'pass']);
    }
  },
);

const EIGHT = [...mime('text/plain; charset=utf-8'), 'Content-Transfer-Encoding: 8bit'];

test('an 8-bit text is down-converted for an old host and signed after that', async () => {
  const body = `${'Größe äöü '.repeat(6)}\r\n`.repeat(50);
  const data = Buffer.from(message([`From: <${own}>`, 'Subject: 8 bit', ...EIGHT], body));
  const rcpt = ['eight@good.test', 'eight@old.test'];
  const mail = `<${own}> BODY=8BITMIME`;
  expect(idIn(await sendMail({ port: relay.ports.plain, user: shop, mail, rcpt, data }))).not.toBe('');
  const good = await arrivalOf(world.mx.good, 'eight@good.test');
  expect(split(good).body.toString('utf8')).toBe(body);
  expect(good.mail).toContain('BODY=8BITMIME');
  const old = await arrivalOf(world.mx.old, 'eight@old.test');
  expect(old.data.every((byte) => byte < 128)).toBe(true);
  expect(old.mail).not.toContain('BODY=');
  expect(fieldsOf(old, 'content-transfer-encoding').join()).toMatch(/quoted-printable|base64/);
  const keys = await relay.dkimRecords(shop.domain);
  for (const came of [good, old])
    expect((await verify(came.data, keys)).map(({ result }) => result)).toEqual(['pass', 'pass']);
});

test('a signed 8-bit mail to an old host bounces with 5.6.3 rather than break', async () => {
  const header = [
    `From: <${own}>`,
    ...mime('multipart/signed; protocol="application/pgp-signature"; boundary=s'),
  ];
  const data = Buffer.from(message(header, SIGNED.replace('Trailing', 'Größe')));
  const to = 'signed8@old.test';
  const mail = `<${own}> BODY=8BITMIME`;
  expect(idIn(await sendMail({ port: relay.ports.plain, user: shop, mail, rcpt: [to], data }))).not.toBe('');
  await until(() => relay.events().some((event) => event.recipient === to && event.type === 'bounced'));
  expect(split(await arrivalOf(world.mx.good, own)).body.toString()).toContain('Status: 5.6.3');
  expect(world.mx.old.messages.some((one) => one.to === to)).toBe(false);
});

test.each([
  ['just below', 262_000],
  ['just above', 263_000],
  ['far above', 5_000_000],
])('a body of a size %s that of files arrives as it was', async (name, size) => {
  const to = `${name.replace(' ', '-')}@good.test`;
  const body = lines(Math.ceil(size / 66)).slice(0, size - 2) + '\r\n';
  const header = [`From: <${own}>`, 'Subject: large', 'X-Postino-Tag: secret', 'Bcc: hidden@good.test'];
  const replies = await sendMail({
    port: relay.ports.plain,
    user: shop,
    mail: own,
    rcpt: [to, 'hidden@good.test'],
    data: message(header, body),
  });
  expect(idIn(replies)).not.toBe('');
  const came = await arrivalOf(world.mx.good, to, 20_000);
  expect(split(came).body.equals(Buffer.from(body))).toBe(true);
  expect(split(came).header).not.toMatch(/^(?:bcc|x-postino|return-path)/im);
  const keys = await relay.dkimRecords(shop.domain);
  expect((await verify(came.data, keys)).map(({ result }) => result)).toEqual(['pass', 'pass']);
});

test('what steers us, and whom we keep to ourselves, does not reach any recipient', async () => {
  const header = [
    `From: <${own}>`,
    'Return-Path: <x@y.example>',
    'Bcc: one@good.test,',
    '\ttwo@good.test',
    'bCC: three@good.test',
    'Resent-Bcc: four@good.test',
    'X-Postino-Tag: secret-tag',
    'X-Postino-Campaign: secret-campaign',
    'X-Postino-Metadata: {"order":"secret-order"}',
    'X-SMTPAPI: {"category":"secret-category"}',
    'X-MC-Tags: secret-mandrill',
    'X-Kept: yes',
    'Subject: kept',
  ];
  const rcpt = ['visible@good.test'];
  expect(
    idIn(await sendMail({ port: relay.ports.plain, user: shop, mail: own, rcpt, data: message(header) })),
  ).not.toBe('');
  const came = await arrivalOf(world.mx.good, 'visible@good.test');
  const text = came.data.toString('latin1');
  expect(text).not.toMatch(/secret|two@|three@|four@|y\.example|bcc|127\.0\.0\.1\b.*shop-Secret/i);
  expect(fieldsOf(came, 'x-kept')).toEqual(['yes']);
});
