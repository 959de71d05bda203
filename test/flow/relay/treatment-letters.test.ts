// Treated letters under harder conditions: old hosts, large parts, many recipients, odd encodings, programs' own ways to write.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import Smtpapi from 'smtpapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { split } from '../../support/arrival.ts';
import { idIn, message } from '../../support/sender.ts';
import { loginOf, SIGNED, startTreated, type Treated } from '../../support/treated.ts';
import { until } from '../../support/until.ts';
import { vendorMessages } from '../../support/vendor-messages.ts';

let treated: Treated;

beforeAll(async () => {
  treated = await startTreated({
    users: {
      shop: { defaults: { opens: true, clicks: 'all', unsubscribe: true } },
      lenient: { badControls: 'ignore' },
    },
  });
});
beforeAll(() => void treated.world.dns.table.set('example.com', { mx: [[10, 'mx.good.test']] }));
afterAll(() => treated.close());

const FROM = 'From: Shop <orders@shop.example>';
const MIME = 'MIME-Version: 1.0';
const CONTROL = /^(?:x-(?:smtpapi|msys-api|mc-|mailgun-|pm-|mj-|mailjet-|ses-|sg-|postino-)|bcc)/im;
const fields = (values: object): string => `X-Postino-Fields: ${JSON.stringify(values)}`;

describe('an old host that takes 7 bits only', () => {
  const values = fields({ name: 'J\u00fcrgen \u2603', city: 'K\u00f6ln' });
  const link = '<a href="https://shop.example/[city]">x</a>';
  test.each([
    ['ASCII that gets other letters', ['Content-Type: text/html'], `<p>Hi [name] in [city]</p>${link}\r\n`],
    [
      '8-bit',
      ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: 8bit'],
      `<p>Größe [name] in [city]</p>${link}\r\n`,
    ],
    [
      'latin-1 in quoted-printable',
      ['Content-Type: text/html; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable'],
      `<p>Gr=F6=DFe [name] in [city]</p>${link}\r\n`
        .replace('"https', '=22https')
        .replace('">x', '=22>x')
        .replace('href=', 'href=3D'),
    ],
    [
      'base64',
      ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64'],
      `${Buffer.from(`<p>Größe [name] in [city]</p>${link}\r\n`).toString('base64')}\r\n`,
    ],
  ])('gets a message in %s in 7 bits, and reads the same as a new one', async (name, type, body) => {
    const local = name.replace(/\W/g, '').toLowerCase();
    const rcpt = [`${local}@old.test`, `${local}@mail.test`];
    const header = [FROM, 'To: "[name]" <list@shop.example>', 'Subject: [name]', MIME, ...type, values];
    expect(await treated.send({ rcpt, data: Buffer.from(message(header, body)) })).not.toBe('');
    const old = await treated.arrived(rcpt[0] ?? '', treated.world.mx.old);
    const good = await treated.arrived(rcpt[1] ?? '');
    expect(old.came.data.every((byte) => byte < 128)).toBe(true);
    for (const letter of [old, good]) {
      expect(letter.subject).toBe('Jürgen ☃');
      expect(letter.html).toMatch(
        /(?:Hi|Größe) Jürgen ☃ in Köln<\/p><a href="https:\/\/click\.shop\.example\/t\/c\//,
      );
      expect((await treated.visit(letter.links.html[0] ?? '')).location).toBe(
        'https://shop.example/K%C3%B6ln',
      );
      expect(await treated.signatures(letter)).toEqual(SIGNED);
      expect(Math.max(...letter.raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    }
  });
});

test('links of any kind lead where they led', async () => {
  const cases = [
    [`https://shop.example/${'long/'.repeat(700)}end`, `https://shop.example/${'long/'.repeat(700)}end`],
    [
      'https://shop.example/größe?x=ü&amp;y=%C3%BC#ö',
      /^https:\/\/shop\.example\/gr%C3%B6%C3%9Fe\?x=%C3%BC&y=%C3%BC#(?:%C3%B6|ö)$/,
    ],
    ['https://müller.example/', /^https:\/\/(?:xn--mller-kva|m%C3%BCller)\.example\/$/],
    ['HTTPS://Shop.Example:8443/A?b=c', /^https:\/\/shop\.example:8443\/A\?b=c$/i],
    ['https://shop.example/a b/c', 'https://shop.example/a%20b/c'],
    ['https://user:secret@shop.example/', /^https:\/\/user:secret@shop\.example\/$/],
    ['https://shop.example/?a=1&copy=2&lt=3', 'https://shop.example/?a=1&copy=2&lt=3'],
    ['https://shop.example/%0d%0aSet-Cookie:%20x', 'https://shop.example/%0d%0aSet-Cookie:%20x'],
    ['http://[2001:db8::1]/x', 'http://[2001:db8::1]/x'],
  ] as const;
  const to = 'links@mail.test';
  const body = cases.map(([link]) => `<p><a href="${link}">x</a></p>\r\n`).join('');
  const type = ['Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: 8bit'];
  await treated.send({
    rcpt: [to],
    data: Buffer.from(message([FROM, 'Subject: links', MIME, ...type], body)),
  });
  const { html } = await treated.arrived(to);
  const hrefs = [...html.matchAll(/<a href="([^"]*)"/g)].map((match) => match[1] ?? '');
  expect(hrefs.filter((href) => !href.includes('/t/c/'))).toEqual([]);
  for (const [index, [link, wanted]] of cases.entries()) {
    const href = hrefs[index] ?? '';
    const { location } = await treated.visit(href);
    expect([link, location]).toEqual([
      link,
      typeof wanted === 'string' ? wanted : expect.stringMatching(wanted),
    ]);
  }
});

describe('large messages', () => {
  test('attachments of a file on disk arrive byte for byte around a tracked text', async () => {
    const attachment = randomBytes(1_500_000).toString('base64').replace(/.{76}/g, '$&\r\n');
    const parts = [
      [
        'Content-Type: text/html; charset=utf-8',
        '',
        '<p>Hi [name]</p><a href="https://shop.example/x">x</a>',
      ],
      [
        'Content-Type: application/octet-stream; name=x.bin',
        'Content-Transfer-Encoding: base64',
        '',
        attachment,
      ],
    ];
    const body = `${parts.map((part) => ['--b', ...part, ''].join('\r\n')).join('')}--b--\r\n`;
    const rcpt = ['large1@mail.test', 'large2@mail.test'];
    const header = [
      FROM,
      'Subject: large',
      MIME,
      'Content-Type: multipart/mixed; boundary=b',
      fields({ name: 'Anna' }),
    ];
    expect(await treated.send({ rcpt, data: message(header, body) })).not.toBe('');
    for (const to of rcpt) {
      const letter = await treated.arrived(to);
      const arrived = split(letter.came).body.toString('latin1');
      expect(arrived.endsWith(body.slice(body.indexOf('--b\r\nContent-Type: application')))).toBe(true);
      expect(letter.html).toContain('Hi Anna');
      expect(letter.links.html).toHaveLength(1);
      expect(await treated.signatures(letter)).toEqual(SIGNED);
    }
  });

  const bomb = (to: string, body: string, more: readonly string[] = []): Promise<string> => {
    const type = 'Content-Type: text/html; charset=utf-8';
    return treated.send({ rcpt: [to], data: message([FROM, 'Subject: bomb', MIME, type, ...more], body) });
  };

  test.each([
    ['too long', '<p>long</p><a href="https://shop.example/x">x</a>\r\n'.repeat(60_000)],
    ['nothing but links', '<a href=http://a.example>x</a>\r\n'.repeat(30_000)],
    ['nothing but tags', '[x]\r\n'.repeat(150_000)],
  ])('a page that is %s goes out, and its event says that not all was done', async (name, body) => {
    const to = `${name.replaceAll(' ', '-')}@mail.test`;
    expect(await bomb(to, body, ['X-Postino-Merge: on'])).not.toBe('');
    const letter = await treated.arrived(to);
    const text = letter.html
      .replace(/https:\/\/click[^>]*>x/g, 'http://a.example>x')
      .replace(/<img[^>]*>/, '');
    expect(text.replace(/\s/g, '') === body.replace(/\s/g, '')).toBe(true);
    expect((await treated.event('delivered', to)).notes?.join()).toMatch(/left as it is: it (?:is|has) too/);
    expect(await treated.signatures(letter)).toEqual(SIGNED);
  });

  test('values that do not fit into it bounce the message rather than send half of it', async () => {
    const values = fields({ x: 'value' });
    await bomb('half@mail.test', '[x]\r\n'.repeat(150_000), [values]);
    await bomb('grows@mail.test', '[x]\r\n'.repeat(15_000), [fields({ x: 'y'.repeat(10_000) })]);
    expect((await treated.event('bounced', 'half@mail.test')).reason).toMatch(
      /could not be personalised: .*too many tags/,
    );
    expect((await treated.event('bounced', 'grows@mail.test')).reason).toMatch(
      /could not be personalised: .*larger/,
    );
  });
});

describe('many recipients', () => {
  test('three hundred get three hundred letters of their own from one message', async () => {
    const to = Array.from({ length: 300 }, (_, n) => `many${n}@mail.test`);
    const api = { to, sub: { '-n-': to.map((_, n) => `number ${n}.`) }, unique_args: { run: 'secret-run' } };
    const lines = JSON.stringify(api, null, 1).replaceAll('\n', '\r\n ');
    const header = [
      FROM,
      'To: list@shop.example',
      'Subject: -n-',
      MIME,
      'Content-Type: text/html',
      `X-SMTPAPI: ${lines}`,
    ];
    const body = '<p>You are -n-</p><a href="https://shop.example/-n-">x</a>\r\n';
    expect(await treated.send({ rcpt: ['list@shop.example'], data: message(header, body) })).not.toBe('');
    const came = (): typeof treated.world.mx.good.messages =>
      treated.world.mx.good.messages.filter((one) => one.to.startsWith('many'));
    await until(() => came().length >= 300, 40_000);
    expect(came()).toHaveLength(300);
    for (const { to: address, data } of came()) {
      const n = /\d+/.exec(address)?.[0];
      const text = data.toString('latin1');
      expect(text).toContain(`Subject: number ${n}.\r\n`);
      expect(text).toContain(`<p>You are number ${n}.</p>`);
      expect(text).toContain(`To: ${address}\r\n`);
      expect(text.match(/number \d+\./g)?.every((found) => found === `number ${n}.`)).toBe(true);
      expect(text).not.toContain('secret-run');
    }
    const links = came().map(({ data }) => /\/t\/c\/[\w-]+/.exec(data.toString('latin1'))?.[0]);
    expect(new Set(links).size).toBe(300);
  });
});

describe('programs', () => {
  const folder = new URL('../../unit/accept/dialects/written/', import.meta.url);

  test.each(readdirSync(folder))('the header of %s goes in, and no control field comes out', async (file) => {
    const to = `${file.replace(/\W/g, '')}@mail.test`;
    const header = readFileSync(new URL(file, folder), 'utf8').trimEnd().replaceAll('\n', '\r\n');
    const templated =
      /^X-(?:MC-Template|MJ-TemplateID|Mailgun-Template-Name|MC-(?:IpPool|SigningDomain|ReturnPathDomain|TrackingDomain)|Mailgun-Sending-Ip-Pool):/im;
    const replies = await treated.talk({
      rcpt: [to],
      data: `${header}\r\n\r\nHello.\r\n`,
      mail: 'me@shop.example',
    });
    if (templated.test(header) || /"(?:template_id|ip_pool)"/.test(header)) {
      expect(replies.at(-1)).toMatch(/^(?:250|550 5\.(?:6\.0|7\.1)) /);
      return;
    }
    expect(replies.at(-1)).toMatch(/^250 /);
    const accepted = (): string | undefined =>
      treated.relay.events().find(({ submission }) => submission === idIn(replies))?.recipient;
    await until(() => accepted() !== undefined);
    expect((await treated.arrived(accepted() ?? '')).raw).not.toMatch(CONTROL);
  });

  test("nodemailer with SendGrid's own library", async () => {
    const api = new Smtpapi();
    const customers = Array.from({ length: 20 }, (_, n) => `customer${n}@mail.test`);
    api.setTos(customers);
    api.setSubstitutions({ '-name-': customers.map((_, n) => `Käufer ${n}`) });
    api.setUniqueArgs({ shop: 'Café Zürich' });
    api.setCategories(['newsletter']);
    const { name: user, password: pass } = loginOf('shop');
    const transport = nodemailer.createTransport({
      host: '127.0.0.1',
      port: treated.relay.ports.starttls,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
      auth: { user, pass },
    });
    await transport.sendMail({
      from: 'Müller <orders@shop.example>',
      to: 'list@shop.example',
      subject: 'Grüße an -name-',
      text: 'Hallo -name-',
      html: '<p>Hallo -name-</p><a href="https://shop.example/x">x</a>',
      headers: { 'X-SMTPAPI': api.jsonString() },
      attachments: [{ filename: 'ä.txt', content: 'ä' }],
    });
    transport.close();
    for (const n of [0, 19]) {
      const letter = await treated.arrived(`customer${n}@mail.test`);
      expect([letter.subject, letter.text.trim(), letter.to]).toEqual([
        `Grüße an Käufer ${n}`,
        `Hallo Käufer ${n}`,
        [`customer${n}@mail.test`],
      ]);
      expect(letter.html).toContain(`<p>Hallo Käufer ${n}</p>`);
      expect(letter.attachments.map(({ name, content }) => [name, content.toString()])).toEqual([
        ['ä.txt', 'ä'],
      ]);
      expect(await treated.signatures(letter)).toEqual(SIGNED);
      expect(await treated.event('delivered', `customer${n}@mail.test`)).toMatchObject({
        tags: ['newsletter'],
        metadata: { shop: 'Café Zürich' },
      });
    }
  });
});

describe('a user whose wrong control fields are passed over', () => {
  test.each(vendorMessages.map(({ vendor, broken }) => [vendor, broken.field] as const))(
    '%s: it is sent, and the event says what was wrong',
    async (vendor, field) => {
      const to = `wrong-${vendor.replace(/\W/g, '').toLowerCase()}@mail.test`;
      expect(
        await treated.send({
          rcpt: [to],
          data: message([FROM, field, 'Subject: [x]']),
          user: loginOf('lenient'),
        }),
      ).not.toBe('');
      expect((await treated.arrived(to)).raw).not.toMatch(CONTROL);
      const { notes } = await treated.event('accepted', to);
      expect(notes?.join()).toContain(field.slice(0, field.indexOf(':')));
    },
  );
});

test('what a user is set to by command counts for the next message', async () => {
  const cli = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await treated.relay.cli(args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };
  const made: { password: string } = JSON.parse(
    await cli('user', 'add', 'fresh', '--domain', 'shop.example', '--pool', 'shop', '--json'),
  );
  const footer = join(treated.relay.data, 'footer.txt');
  writeFileSync(footer, 'Fresh & Co');
  const set = { tags: ['offer'], topic: 'offers', unsubscribe: true };
  const rule = JSON.stringify({ when: { subject: 'Offer*' }, set });
  const given = ['--footer-text', footer, '--track-clicks', 'html', '--merge', 'on', '--rule', rule];
  await cli('user', 'set', 'fresh', ...given);
  const to = 'fresh@mail.test';
  const type = 'Content-Type: text/html; charset=utf-8';
  const header = [FROM, `To: Fred <${to}>`, 'Subject: Offer for [name]', MIME, type];
  const body = '<p>Hi [name]</p><a href="https://shop.example/x">x</a>\r\n';
  const user = { name: 'fresh', password: made.password };
  await treated.send({ rcpt: [to], data: message(header, body), user });
  const letter = await treated.arrived(to);
  expect(letter.subject).toBe('Offer for Fred');
  expect(letter.html).toMatch(/Hi Fred<\/p>.*<div>Fresh &amp; Co<\/div>/s);
  expect(letter.links.html).toHaveLength(1);
  expect(letter.unsubscribe).toBeDefined();
  expect((await treated.event('delivered', to)).tags).toEqual(['offer']);
});
