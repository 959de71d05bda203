// Treated messages: personalised, tracked, with blocks and unsubscribe fields; signatures verify and nothing else changes.
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import type { Letter } from '../../../../src/model/letter.ts';
import type { Submission } from '../../../../src/model/submission.ts';
import {
  bytesOf,
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  PLAIN_PEER,
  submissionOf,
  tokens,
  verify,
} from '../../../support/letters.ts';

const BASE = 'https://click.shop.example';
const HTML_TYPE = 'MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n';

type More = Partial<Submission> & Readonly<{ to?: string; name?: string }>;

async function render(
  message: string | Buffer,
  { to = 'ann@mail.example', name, ...more }: More,
  peer = MODERN_PEER,
) {
  const bytes = typeof message === 'string' ? Buffer.from(crlf(message)) : message;
  const submission = submissionOf(bytes, more);
  const recipient = { address: to, ...(name === undefined ? {} : { name }) };
  return composeOf(bytes).render(submission, deliveryOf(submission, { recipient }))(peer);
}

async function letterOf(
  message: string | Buffer,
  more: More,
  peer = MODERN_PEER,
): Promise<Letter & { text: string; bytes: Buffer }> {
  const result = await render(message, more, peer);
  if (!('letter' in result)) throw new Error(result.refusal.detail);
  const bytes = bytesOf(result.letter);
  return { ...result.letter, bytes, text: bytes.toString('utf8') };
}

const body = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);
const header = (text: string): string => text.slice(0, text.indexOf('\r\n\r\n') + 2);

const clicksIn = (text: string) =>
  [...text.matchAll(/https:\/\/click\.shop\.example\/t\/c\/([\w-]+)/g)].map((match) =>
    tokens.openClick(match[1] ?? ''),
  );

const hello = `From: Shop <orders@shop.example>\nTo: Ann <ann@mail.example>, bob@mail.example\nCc: carl@mail.example\nSubject: Hello [name|friend]\n`;

describe('merge tags', () => {
  const merge = { syntaxes: ['brackets' as const], fields: { name: 'Änn & Co', id: 'a b/1' } };
  const treatment = { mergeHeaders: ['subject', 'to'] };
  const message = `${hello}${HTML_TYPE}\n<p>Dear [name], <a href="https://shop.example/o?id=[id]">order</a> [unknown]</p>\n`;

  test('are filled in subject, text and links, each in its own way', async () => {
    const { text, bytes } = await letterOf(message, { instructions: { merge }, treatment });
    const mail = await simpleParser(bytes);
    expect(mail.subject).toBe('Hello Änn & Co');
    expect(mail.html).toBe(
      '<p>Dear Änn &amp; Co, <a href="https://shop.example/o?id=a%20b%2F1">order</a> [unknown]</p>\n',
    );
    expect(header(text)).toContain('Content-Transfer-Encoding: quoted-printable');
    expect((await verify(bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
  });

  test('values of one recipient win over those for all, and those over the stored ones', async () => {
    const recipients = { 'ann@mail.example': { name: 'Own' } };
    const stored = { 'ann@mail.example': { name: 'Stored', unknown: 'known' } };
    const { bytes } = await letterOf(message, {
      instructions: { merge: { ...merge, recipients } },
      treatment: { ...treatment, stored },
    });
    expect((await simpleParser(bytes)).html).toContain('<p>Dear Own,');
    expect((await simpleParser(bytes)).html).toContain('known</p>');
  });

  test('a letter is the same each time, and another for another recipient', async () => {
    const more = {
      instructions: { merge: { ...merge, fields: {}, recipients: { 'bob@mail.example': { name: 'Bob' } } } },
      treatment,
    };
    const [one, two, other] = await Promise.all([
      letterOf(message, more),
      letterOf(message, more),
      letterOf(message, { ...more, to: 'bob@mail.example' }),
    ]);
    expect(one.bytes.equals(two.bytes)).toBe(true);
    expect(one.text).toContain('Subject: Hello Ann'); // the name in To
    expect(other.text).toContain('Subject: Hello Bob');
  });

  test('strict: what has no value bounces with its name', async () => {
    const result = await render(message, { instructions: { merge: { ...merge, strict: true } }, treatment });
    expect(result).toMatchObject({
      refusal: { status: '5.6.0', detail: expect.stringContaining('"unknown"') },
    });
  });

  test('a Latin-1 text becomes UTF-8 when values go into it, and stays as it is when only links change', async () => {
    const head = `${hello}MIME-Version: 1.0\nContent-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n`;
    const bytes = Buffer.from(
      crlf(`${head}<p>Größe [name] <a href="http://x.example/">x</a></p>\n`),
      'latin1',
    );
    const merged = await letterOf(bytes, { instructions: { merge: { fields: { name: '€' } } }, treatment });
    expect((await simpleParser(merged.bytes)).html).toContain('Größe € <a href="http://x.example/">');
    expect(header(merged.text)).toContain('charset=utf-8');
    const tracked = await letterOf(bytes, { instructions: { clicks: 'all' }, treatment: { linkBase: BASE } });
    expect(tracked.bytes.includes(Buffer.from('Größe [name] <a href="https://click', 'latin1'))).toBe(true);
    expect(header(tracked.text)).toContain('charset=iso-8859-1');
  });
});

describe('tags that vendors fill', () => {
  const treatment = { linkBase: BASE, mergeHeaders: ['subject'] };
  const mandrill = (text: string, subject = 'Order *|ID|* <now>', type = HTML_TYPE) =>
    letterOf(`From: a@shop.example\nTo: ann@mail.example\nSubject: ${subject}\n${type}\n${text}\n`, {
      treatment,
      subject,
      at: Date.UTC(2026, 2, 2, 15, 4, 5),
      instructions: { merge: { syntaxes: ['mailchimp'], fields: { ID: '<7>' } } },
    });

  test("Mandrill's year, date, subject and address, from when the message was accepted", async () => {
    const tags = '*|CURRENT_YEAR|* *|DATE:D, d/m/y g:i a|* *|DATE:F jS, Y|* *|MC:SUBJECT|* *|EMAIL|*';
    const { text } = await mandrill(`<p>${tags}</p>`);
    expect(body(text)).toBe(
      '<p>2026 Mon, 02/03/26 3:04 pm March 2nd, 2026 Order &lt;7&gt; &lt;now&gt; ann@mail.example</p>\r\n',
    );
    const plain = await mandrill(tags, 'Plain', '');
    expect(body(plain.text)).toContain('March 2nd, 2026 Plain ann@mail.example');
  });

  test('conditions choose in subject and text', async () => {
    const subject = '*|IF:ID|**|ID|*: *|ELSE:|*no *|END:IF|*order';
    const text = '*|IF:ID=<7>|*seven*|ELSE:|*other*|END:IF|* *|IFNOT:NAME|*friend*|END:IF|* *|MC:SUBJECT|*';
    const letter = await mandrill(text, subject, '');
    expect(header(letter.text)).toContain('Subject: <7>: order\r\n');
    expect(body(letter.text)).toBe('seven friend <7>: order\r\n');
    const html = await mandrill('*|IF:NO|*<p>a</p>\n\n<p>b</p>*|ELSE:|*<p>c</p>*|END:IF|*');
    expect(body(html.text)).toBe('<p>c</p>\r\n');
    expect(html.notes ?? []).toEqual([]);
  });

  test.each([
    [
      'quoted-printable',
      '<p>=C3=BC</p>*|IF:NO|*<p>a=3D\n=\n</p>\n*|ELSE:|*<p>c=3D</p>=\n*|END:IF|*\n=20<p>d</p>',
    ],
    [
      'base64',
      Buffer.from('<p>ü</p>*|IF:NO|*<p>a</p>\r\n*|ELSE:|*<p>c=</p>*|END:IF|*\r\n <p>d</p>').toString(
        'base64',
      ),
    ],
  ])('conditions in %s', async (encoding, text) => {
    const type = `${HTML_TYPE}Content-Transfer-Encoding: ${encoding}\n`;
    const { bytes } = await mandrill(text, 'x', type);
    const { html } = await simpleParser(bytes);
    expect(String(html).trim()).toBe('<p>ü</p><p>c=</p>\n <p>d</p>');
  });

  test('conditions that do not fit together stay, and are noted', async () => {
    const letter = await mandrill('*|IF:ID|*x*|ELSE:|*y', '*|IF:ID|*x', '');
    expect(body(letter.text)).toBe('*|IF:ID|*x*|ELSE:|*y\r\n');
    expect(header(letter.text)).toContain('Subject: *|IF:ID|*x\r\n');
    expect(letter.notes).toEqual([expect.stringMatching(/^Conditions in the text/)]);
  });

  test('a subject that has itself in it ends', async () => {
    const { text } = await mandrill('*|MC:SUBJECT|*', 'a *|MC:SUBJECT|* b', '');
    expect(body(text)).toBe('a *|MC:SUBJECT|* b\r\n');
    expect(header(text)).toContain('Subject: a a *|MC:SUBJECT|* b b\r\n');
  });

  test('they are no tags in other syntaxes', async () => {
    const { text } = await letterOf(`${hello}${HTML_TYPE}\n[current_year] [CURRENT_YEAR]\n`, {
      treatment,
      instructions: { merge: { fields: { a: 'b' } } },
    });
    expect(body(text)).toBe('[current_year] [CURRENT_YEAR]\r\n');
  });

  test("Postmark's tag is a link in HTML, and an address in a link and in text", async () => {
    const both =
      '<p>{{{ pm:unsubscribe }}}, <a href="{{{ pm:unsubscribe }}}">go</a>, {{{pm:unsubscribe_url}}}</p>';
    const instructions = { unsubscribe: true, clicks: 'all' as const };
    const { text } = await letterOf(`${hello}${HTML_TYPE}\n${both}\n`, { treatment, instructions });
    const url = String.raw`https://click\.shop\.example/t/u/[\w-]+`;
    const want = `<p><a href="(${url})">Unsubscribe</a>, <a href="(${url})">go</a>, (${url})</p>`;
    const found = new RegExp(`^${want}$`, 'm').exec(
      body(text).replaceAll('\r', '').replace(/=\n/g, '').replaceAll('=3D', '='),
    );
    expect(found?.slice(1)).toEqual([found?.[1], found?.[1], found?.[1]]);
    const plain = await letterOf(`${hello}\nLeave: {{{ pm:unsubscribe }}}\n`, { treatment, instructions });
    expect(body(plain.text)).toMatch(new RegExp(`^Leave: ${url}\r\n$`));
  });
});

describe('tracking', () => {
  const instructions = { opens: true, clicks: 'all' as const };
  const treatment = { linkBase: BASE };
  const mixed = `${hello}MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Your order =E2=82=AC: https://shop.example/o?a=3D1&b=3D2=
&c=3D3 thanks.
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

${Buffer.from('<body>\r\n<a href="https://shop.example/o?a=1&amp;b=2">go</a> <a href="mailto:x@y.example">m</a>\r\n</body>').toString('base64')}
--b--
`;
  test('links lead by way of us, in both parts, numbered through; mailto stays', async () => {
    const { bytes } = await letterOf(mixed, { instructions, treatment });
    const mail = await simpleParser(bytes);
    expect(clicksIn(mail.text ?? '').map((one) => [one?.link, one?.target])).toEqual([
      [1, 'https://shop.example/o?a=1&b=2&c=3'],
    ]);
    expect(clicksIn(String(mail.html)).map((one) => [one?.link, one?.target])).toEqual([
      [2, 'https://shop.example/o?a=1&b=2'],
    ]);
    expect(mail.html).toContain('<a href="mailto:x@y.example">m</a>');
    expect(mail.html).toMatch(
      /<img src="https:\/\/click\.shop\.example\/t\/o\/[\w-]+\.gif" alt="" [^>]*><\/body>$/,
    );
    expect(mail.text).toContain('Your order €: https://click');
    expect((await verify(bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
    expect(bytes.toString()).not.toMatch(/ann@mail\.example(?!>)|YW5uQG1haWwu/);
  });

  test('a sealed part inside stays to the byte', async () => {
    const signed = `--s\nContent-Type: text/html\n\n<a href="http://x.example/">x</a>\n--s\nContent-Type: application/pgp-signature\n\nsig\n--s--\n`;
    const message = `${hello}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/signed; boundary=s\n\n${signed}\n--b--\n`;
    const { bytes } = await letterOf(message, { instructions, treatment });
    expect(body(bytes.toString('latin1'))).toBe(body(crlf(message)));
  });

  test.each([
    ['too large', `[name] ${`${'y'.repeat(900)}\n`.repeat(2000)}`],
    ['full of tags', '[name] [name]\n'.repeat(20_000)],
  ])(
    'a text that is %s bounces when the message brings values, and goes out when only known ones would be put in',
    async (_, text) => {
      const message = `${hello}\n${text}`;
      const merging = { treatment: { mergeHeaders: ['subject'] } };
      const brought = await render(message, {
        ...merging,
        instructions: { merge: { fields: { name: 'Ann' } } },
      });
      expect('refusal' in brought && brought.refusal.detail).toMatch(
        /could not be personalised.*too (?:large|many)/,
      );
      const standing = await letterOf(message, {
        ...merging,
        instructions: { merge: { syntaxes: ['brackets'] } },
      });
      expect(standing.notes?.join()).toMatch(/left as it is/);
    },
  );

  test('a 7-bit peer gets the same links', async () => {
    const message = `${hello}${HTML_TYPE}Content-Transfer-Encoding: 8bit\n\n<p>ä <a href="http://x.example/">x</a></p>\n`;
    const { bytes } = await letterOf(message, { instructions, treatment }, PLAIN_PEER);
    expect(bytes.every((byte) => byte < 128)).toBe(true);
    expect(clicksIn(String((await simpleParser(bytes)).html)).length).toBe(1);
    expect((await verify(bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
  });

  test('a line that would become too long for SMTP is written in quoted-printable', async () => {
    const links = '<a href="http://x.example/">x</a>'.repeat(20);
    const { bytes } = await letterOf(`${hello}${HTML_TYPE}\n${links}\n`, { instructions, treatment });
    for (const line of bytes.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998);
    expect(clicksIn(String((await simpleParser(bytes)).html)).length).toBe(20);
  });

  test('a body that is too large goes out as it came, with a note', async () => {
    const message = `${hello}${HTML_TYPE}\n<a href="http://x.example/">x</a>${`${'y'.repeat(900)}\n`.repeat(12_000)}`;
    const letter = await letterOf(message, { instructions, treatment });
    expect(letter.notes?.join()).toMatch(/HTML of the message was left as it is: it is too large/);
    expect(letter.bytes.includes('href="http://x.example/"')).toBe(true);
  });

  test('UTM parameters come into links, with or without tracking', async () => {
    const message = `${hello}${HTML_TYPE}\n<a href="http://x.example/?a=1#top">x</a>\n`;
    const utm = { source: 'news', medium: 'email' };
    const { text } = await letterOf(message, { instructions: { utm }, treatment: {} });
    expect(text).toContain('href="http://x.example/?a=1&amp;utm_source=news&amp;utm_medium=email#top"');
    const tracked = await letterOf(message, { instructions: { ...instructions, utm }, treatment });
    expect(clicksIn(tracked.text)[0]?.target).toBe(
      'http://x.example/?a=1&utm_source=news&utm_medium=email#top',
    );
  });
});

describe('recipients', () => {
  test('separate: each sees only its own address, with its name', async () => {
    const { text } = await letterOf(`${hello}\nHi\n`, { instructions: { separate: true }, treatment: {} });
    expect(header(text)).toContain('To: Ann <ann@mail.example>\r\n');
    expect(header(text)).not.toMatch(/bob@|carl@|^Cc:/m);
  });

  test('ownTo: who is in no To or Cc gets a copy of its own; the others keep theirs', async () => {
    const treatment = { ownTo: ['dora@mail.example'] };
    const dora = await letterOf(`${hello}\nHi\n`, { treatment, to: 'Dora@mail.example', name: 'Döra, "D"' });
    expect(header(dora.text)).toMatch(/^To: =\?utf-8\?B\?[\w+/=]+\?= <Dora@mail\.example>\r$/m);
    expect(header(dora.text)).toContain('Cc: carl@mail.example\r\n');
    const ann = await letterOf(`${hello}\nHi\n`, { treatment });
    expect(header(ann.text)).toContain('To: Ann <ann@mail.example>, bob@mail.example\r\n');
  });
});

describe('unsubscribing', () => {
  const instructions = { unsubscribe: true };
  const treatment = { linkBase: BASE, unsubscribeMailbox: 'unsubscribe@bounces.shop.example' };

  test('List-Unsubscribe with one-click is added and signed', async () => {
    const { text, bytes } = await letterOf(`${hello}\nHi\n`, { instructions, treatment });
    expect(header(text)).toMatch(
      /^List-Unsubscribe: <https:\/\/click\.shop\.example\/t\/u\/[\w-]+>,\r\n <mailto:unsubscribe@bounces\.shop\.example\?subject=[\w-]+>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m,
    );
    const h = /h=([^;]+);/.exec(header(text).replace(/\r\n /g, ''))?.[1] ?? '';
    expect(h.match(/list-unsubscribe(?=:|$)/g)).toHaveLength(2);
    expect(h.match(/list-unsubscribe-post/g)).toHaveLength(2);
    expect((await verify(bytes)).map(({ result }) => result)).toEqual(['pass', 'pass']);
  });

  test('a mailbox is enough: without a place for links there is no address but its own', async () => {
    const mailbox = { unsubscribeMailbox: 'unsubscribe@bounces.shop.example' };
    const { text } = await letterOf(`${hello}\nHi\n`, { instructions, treatment: mailbox });
    expect(header(text)).toMatch(
      /^List-Unsubscribe: <mailto:unsubscribe@bounces\.shop\.example\?subject=[\w-]+>\r$/m,
    );
    expect(text).not.toMatch(/One-Click|\/t\//);
    const without = await letterOf(`${hello}\nHi\n`, { treatment: mailbox });
    expect(without.text).not.toContain('List-Unsubscribe');
  });

  test("a sender's own field stays the only one", async () => {
    const own = 'List-Unsubscribe: <https://shop.example/out>\n';
    const { text } = await letterOf(`${own}${hello}\nHi\n`, { instructions, treatment });
    expect(text.match(/^List-Unsubscribe/gm)).toHaveLength(1);
  });

  test('without https there is no one-click', async () => {
    const { text } = await letterOf(`${hello}\nHi\n`, {
      instructions,
      treatment: { linkBase: 'http://localhost:8081' },
    });
    expect(text).toContain('List-Unsubscribe: <http://localhost:8081/t/u/');
    expect(text).not.toContain('One-Click');
  });

  test.each([
    '[unsubscribe_url]',
    '%unsubscribe_url%',
    '*|UNSUB|*',
    '<%asm_group_unsubscribe_raw_url%>',
    '{{unsubscribe_url}}',
  ])('the variable %s becomes the address, without any values', async (tag) => {
    const { bytes } = await letterOf(`${hello}${HTML_TYPE}\n<a href="${tag}">out</a> [name]\n`, {
      instructions,
      treatment,
    });
    const html = String((await simpleParser(bytes)).html);
    expect(html).toMatch(/<a href="https:\/\/click\.shop\.example\/t\/u\/[\w-]+">out<\/a> \[name\]/);
  });

  test("SendGrid's text and replace tag", async () => {
    const unsubscribeText = {
      html: 'Want out? <a href="[unsubscribe_url]">click here</a>',
      text: 'Out: [unsubscribe_url]',
    };
    const added = await letterOf(`${hello}${HTML_TYPE}\n<body>Hi</body>\n`, {
      instructions: { unsubscribeText },
      treatment,
    });
    expect(String((await simpleParser(added.bytes)).html)).toMatch(
      /HiWant out\? <a href="https:[^"]+\/t\/u\/[\w-]+">click here<\/a><\/body>/,
    );
    const replaced = await letterOf(`${hello}${HTML_TYPE}\n<a href="[out]">x</a>\n`, {
      instructions: { unsubscribeText: { ...unsubscribeText, replace: '[out]' } },
      treatment,
    });
    expect(String((await simpleParser(replaced.bytes)).html)).toMatch(
      /^<a href="https:[^"]+\/t\/u\/[\w-]+">x<\/a>\n$/,
    );
  });
});

test('header and footer blocks stand behind <body> and before </body>, in text at both ends', async () => {
  const treatment = {
    header: { html: '<div>Ü top</div>', text: 'Ü top' },
    footer: { text: 'Shop & Co\nMilano' },
  };
  const html = await letterOf(`${hello}${HTML_TYPE}\n<html><body class="x">Hi</body></html>\n`, {
    treatment,
  });
  expect(String((await simpleParser(html.bytes)).html)).toBe(
    '<html><body class="x"><div>Ü top</div>Hi<div>Shop &amp; Co<br>\nMilano</div></body></html>\n',
  );
  const text = await letterOf(`${hello}\nHi\n`, { treatment });
  expect((await simpleParser(text.bytes)).text).toBe('Ü top\n\nHi\n\nShop & Co\nMilano\n');
});
