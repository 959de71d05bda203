// What a message gets on its way, through the whole relay: templates, blocks, styles, copies, and what users and rules say of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { message } from '../../support/sender.ts';
import { loginOf, SIGNED, startTreated, type Arrived, type Treated } from '../../support/treated.ts';

let treated: Treated;

const blocks = {
  header: { html: '<p>Shop – Kopf</p>', text: 'Shop – Kopf' },
  footer: { html: '<p>Shop GmbH <a href="[unsubscribe_url]">leave</a></p>', text: 'Shop GmbH' },
};

beforeAll(async () => {
  treated = await startTreated({
    users: {
      shop: blocks,
      writer: { liquid: true },
      app: {
        ...blocks,
        defaults: {
          opens: true,
          clicks: 'html',
          unsubscribe: true,
          topic: 'shop news',
          header: true,
          footer: true,
          merge: { syntaxes: ['brackets'] },
          tags: ['app'],
          metadata: { source: 'app-17' },
          utm: { source: 'app', domains: ['shop.example'] },
        },
        rules: [
          {
            when: { subject: 'invoice *' },
            set: { tags: ['invoice'], clicks: 'none', footer: false, campaign: 'billing' },
          },
          {
            when: { recipient: '*.vip@mail.test' },
            set: { priority: 2, tags: ['vip'], metadata: { vip: 'yes' } },
          },
          { when: { sender: 'no-reply@shop.example' }, set: { unsubscribe: false, opens: false } },
        ],
      },
      strict: { defaults: { merge: { syntaxes: ['brackets'], strict: true } } },
    },
  });
});
afterAll(() => treated.close());

async function cli(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await treated.relay.cli(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

type Template = Readonly<{ subject?: string; html?: string; text?: string; engine?: 'liquid' }>;

async function put(name: string, { subject, html, text, engine }: Template): Promise<void> {
  const fileOf = (type: 'html' | 'text', content: string | undefined): string[] => {
    if (content === undefined) return [];
    const file = join(treated.relay.data, `${name}.${type}`);
    writeFileSync(file, content);
    return [`--${type}`, file];
  };
  const more = [
    ...(subject === undefined ? [] : ['--subject', subject]),
    ...(engine ? ['--engine', engine] : []),
  ];
  await cli('template', 'put', name, ...fileOf('html', html), ...fileOf('text', text), ...more);
}

const FROM = 'From: The Shop <orders@shop.example>';
const HTML = [
  'MIME-Version: 1.0',
  'Content-Type: text/html; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
];
const TEXT = [
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
];

/** Sends it to `to`, and waits for the letter. */
async function deliver(to: string, header: readonly string[], body: string, user = 'shop'): Promise<Arrived> {
  const fields = header.some((field) => /^to:/i.test(field)) ? header : [`To: ${to}`, ...header];
  const data = Buffer.from(message([FROM, ...fields], body));
  expect(await treated.send({ rcpt: [to], data, user: loginOf(user) })).not.toBe('');
  return treated.arrived(to);
}

const PDF = Buffer.from('%PDF-1.4 \u0000\u00ff invoice', 'latin1');
const WITH_ATTACHMENT = [
  '--m',
  'Content-Type: multipart/related; boundary=r',
  '',
  '--r',
  'Content-Type: multipart/alternative; boundary=a',
  '',
  '--a',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Own w=F6rds',
  '--a',
  'Content-Type: text/html; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<html><body><p>Own <b>w=F6rds</b> <img src=3D"cid:logo"></p></body></html>',
  '--a--',
  '--r',
  'Content-Type: image/gif; name=logo.gif',
  'Content-ID: <logo>',
  'Content-Disposition: inline; filename=logo.gif',
  'Content-Transfer-Encoding: base64',
  '',
  'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
  '--r--',
  '--m',
  'Content-Type: application/pdf; name=invoice.pdf',
  'Content-Disposition: attachment; filename=invoice.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  PDF.toString('base64'),
  '--m--',
  '',
].join('\r\n');
const MIXED = ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=m'];

describe('templates', () => {
  test("a stored one takes the place of a message's text; attachments and pictures stay", async () => {
    await put('order', {
      subject: 'Order [id] – [subject]',
      html: '<!DOCTYPE html><html><body><h1>Dear [name|friend]</h1>[body]<a href="https://shop.example/o/[id]">See</a></body></html>',
      text: 'Dear [name|friend]: [body]',
    });
    const fields = [
      'X-Postino-Template: order',
      'X-Postino-Fields: {"id": "A&B 1"}',
      'X-Postino-Track-Clicks: yes',
    ];
    const letter = await deliver(
      'order@mail.test',
      ['To: "Rossi, Anna" <order@mail.test>', 'Subject: =?utf-8?q?=C3=BCber?=', ...MIXED, ...fields],
      WITH_ATTACHMENT,
    );
    expect(letter.subject).toBe('Order A&B 1 – über');
    expect(letter.html).toContain('<h1>Dear Rossi, Anna</h1>');
    expect(letter.html).toMatch(
      /Own <b>wörds<\/b> <img src="(?:cid:logo|data:image\/gif;base64,R0lG[^"]*)">/,
    );
    expect(letter.text).toMatch(/^Dear Rossi, Anna: Own wörds/);
    expect((await treated.visit(letter.links.html[0] ?? '')).location).toBe(
      'https://shop.example/o/A%26B%201',
    );
    expect(letter.attachments.map(({ name }) => name)).toEqual(['logo.gif', 'invoice.pdf']);
    expect(letter.attachments[1]?.content.equals(PDF)).toBe(true);
    expect(await treated.signatures(letter)).toEqual(SIGNED);
  });

  test('an older version can be named, and one that is not there is refused', async () => {
    await put('versioned', { text: 'one' });
    await put('versioned', { text: 'two' });
    const latest = await deliver('v2@mail.test', ['X-Mailgun-Template-Name: versioned', ...TEXT], 'own\r\n');
    const first = await deliver('v1@mail.test', ['X-Postino-Template: versioned@1', ...TEXT], 'own\r\n');
    expect([latest.text.trim(), first.text.trim()]).toEqual(['two', 'one']);
    for (const [name, says] of [
      ['versioned@3', 'Template versioned has no version 3'],
      ['nobody', 'There is no template nobody'],
      ['../order', 'There is no template ../order'],
    ]) {
      const data = message([FROM, `X-Postino-Template: ${name}`], 'x\r\n');
      expect((await treated.talk({ rcpt: ['x@mail.test'], data })).at(-1)).toContain(`550 5.6.0 ${says}`);
    }
  });

  test('one with a mistake is stored, and the mistake is told', async () => {
    const file = join(treated.relay.data, 'mistake.html');
    writeFileSync(file, '<p>fine</p>\n{% for x in %}');
    expect(await cli('template', 'put', 'mistake', '--engine', 'liquid', '--html', file)).toMatch(
      /^Template mistake is stored as version 1\.\n.* it fails.* line 2: illegal tag/,
    );
    expect(await cli('template', 'put', 'mistake-not', '--html', file)).not.toContain('fails');
  });

  test('in Liquid, with loops and conditions, for users who may', async () => {
    await put('cart', {
      engine: 'liquid',
      subject: '{{ items.size }} items for {{ name }}',
      html: '<html><body>{% for item in items %}<p><a href="{{ item.url }}">{{ item.title }}</a>{% if item.qty > 1 %} × {{ item.qty }}{% endif %}</p>{% else %}nothing{% endfor %}<a href="{{ unsubscribe_url }}">leave</a>{{ body | raw }}</body></html>',
    });
    const items = [
      { title: 'Tea & <milk>', url: 'https://shop.example/tea?a=1&b=2', qty: 2 },
      { title: 'Cup', url: 'https://shop.example/cup', qty: 1 },
    ];
    const fields = [
      'X-Postino-Template: cart',
      `X-Postino-Fields: ${JSON.stringify({ items })}`,
      'X-Postino-Track-Clicks: yes',
      'X-Postino-Unsubscribe: yes',
    ];
    const letter = await deliver(
      'cart@mail.test',
      ['To: Ines <cart@mail.test>', ...fields, ...HTML],
      '<p>own</p>\r\n',
      'writer',
    );
    expect(letter.subject).toBe('2 items for Ines');
    expect(letter.html).toMatch(
      /<p><a href="https:\/\/click[^"]*">Tea &amp; &lt;milk&gt;<\/a> × 2<\/p><p><a href="[^"]*">Cup<\/a><\/p>/,
    );
    expect(letter.html).toContain('<p>own</p>');
    expect(letter.html).toContain(`<a href="${letter.unsubscribe}">leave</a>`);
    const targets = await Promise.all(letter.links.html.map((link) => treated.visit(link)));
    expect(targets.map(({ location }) => location)).toEqual(items.map(({ url }) => url));
    const refused = await treated.talk({
      rcpt: ['x@mail.test'],
      data: message([FROM, 'X-Postino-Template: cart'], 'x\r\n'),
    });
    expect(refused.at(-1)).toMatch(
      /^550 5\.6\.0 Template cart is written in Liquid, which this user may not use/,
    );
  });

  test("Mandrill's block is where the message's own text goes, and its tags are filled in it, too", async () => {
    await put('newsletter', {
      html: '<html><body><h1>*|COMPANY|*</h1><div mc:edit="main">placeholder</div><a href="*|UNSUB:https://shop.example/bye|*">leave</a></body></html>',
    });
    const vars = 'X-MC-MergeVars: {"COMPANY": "Shop & Co", "FNAME": "Otto"}';
    const fields = [
      'X-MC-Template: newsletter|main',
      vars,
      'X-MC-Track: clicks',
      'X-Postino-Unsubscribe: yes',
    ];
    const own = '<p>Dear *|FNAME|*, <a href="https://shop.example/x">x</a></p>';
    const letter = await deliver('block@mail.test', [...fields, ...HTML], `${own}\r\n`);
    expect(letter.html).toContain('<h1>Shop & Co</h1>');
    expect(letter.html).not.toContain('placeholder');
    expect(letter.html).toContain('Dear Otto, <a href="https://click.shop.example/t/c/');
    expect(letter.html).toContain(`<a href="${letter.unsubscribe}">leave</a>`);
    expect(letter.pixel).toBeUndefined();
  });

  test('a mistake in one bounces that delivery with its reason, and never half a message', async () => {
    await put('broken', {
      engine: 'liquid',
      html: '<p>first half</p>\n{% for i in (1..n) %}<i>{{ i }}</i>{% endfor %}<p>second half</p>',
    });
    const each = { 'fine@mail.test': { n: '3' }, 'endless@mail.test': { n: '90000000' } };
    const data = message(
      [
        FROM,
        'Subject: halves',
        'X-Postino-Template: broken',
        `X-Postino-Recipient-Fields: ${JSON.stringify(each)}`,
        ...HTML,
      ],
      'own\r\n',
    );
    expect(await treated.send({ rcpt: Object.keys(each), data, user: loginOf('writer') })).not.toBe('');
    expect((await treated.arrived('fine@mail.test')).html).toContain('<i>3</i><p>second half</p>');
    const { reason = '', phase } = await treated.event('bounced', 'endless@mail.test');
    expect(reason).toMatch(/^The template "broken" could not be filled in\. The HTML of the template/);
    expect(phase).toBe('compose');
    const report = await treated.arrived('orders@shop.example');
    expect(report.raw).toContain('endless@mail.test');
    expect(report.raw).not.toContain('first half');
    expect(treated.world.mx.good.messages.some(({ to }) => to === 'endless@mail.test')).toBe(false);
  });

  test('a tag without a value bounces where the user wants that, and names it', async () => {
    const data = message([FROM, 'Subject: [greeting|Hi] [first]', ...TEXT], '[second|x] [third]\r\n');
    expect(await treated.send({ rcpt: ['strict@mail.test'], data, user: loginOf('strict') })).not.toBe('');
    const { reason } = await treated.event('bounced', 'strict@mail.test');
    expect(reason).toContain('there is no value for "first", "third"');
  });
});

describe('what a message asks for', () => {
  const PAGE =
    '<html><head><style>p { color: #123456; margin: 0 } @media print { p { color: red } }</style></head><body class="x">\r\n<p>Hallo – ß</p>\r\n</body></html>\r\n';

  test('blocks of the user stand behind <body> and before </body>, in the charset of the part', async () => {
    const latin = [
      'MIME-Version: 1.0',
      'Content-Type: text/html; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
    ];
    const letter = await deliver(
      'blocks@mail.test',
      ['X-Postino-Header: yes', 'X-Postino-Footer: yes', 'X-Postino-Unsubscribe: yes', ...latin],
      '<html><body class=3D"x"><p>Gr=FC=DFe</p></body></html>\r\n',
    );
    expect(letter.html).toContain(
      '<body class="x"><p>Shop – Kopf</p><p>Grüße</p><p>Shop GmbH <a href="https://click.shop.example/t/u/',
    );
    expect(letter.html).toMatch(/leave<\/a><\/p><\/body>/);
    expect(await treated.signatures(letter)).toEqual(SIGNED);
  });

  test('in text they stand above and below', async () => {
    const letter = await deliver(
      'text@mail.test',
      ['X-SMTPAPI: {"Header": true, "Footer": true}', ...TEXT],
      'Zeile ä\r\n',
    );
    expect(letter.text.split(/\r?\n/).filter((line) => line !== '')).toEqual([
      'Shop – Kopf',
      'Zeile ä',
      'Shop GmbH',
    ]);
  });

  test('a footer of its own takes the place of the user’s', async () => {
    const footer = JSON.stringify({ html: '<hr>own', text: '-- own' });
    const letter = await deliver('own@mail.test', [`X-Postino-Footer: ${footer}`, ...HTML], PAGE);
    expect(letter.html).toContain('<hr>own</body>');
    expect(letter.html).not.toContain('Shop GmbH');
  });

  test('styles are written into attributes', async () => {
    const letter = await deliver('css@mail.test', ['X-MC-InlineCSS: true', ...HTML], PAGE);
    expect(letter.html).toMatch(/<p style="[^"]*color: #123456[^"]*">Hallo – ß<\/p>/);
    expect(letter.html).toContain('@media print');
  });

  test('UTM parameters come to links, and the tracked link leads there', async () => {
    const fields = [
      'X-Postino-UTM-Source: news',
      'X-Postino-UTM-Campaign: März & Co',
      'X-Postino-Track-Clicks: html',
    ];
    const letter = await deliver(
      'utm@mail.test',
      [...fields, ...HTML],
      '<a href="https://shop.example/a?b=1&amp;utm_source=mine#top">x</a>\r\n',
    );
    const { location } = await treated.visit(letter.links.html[0] ?? '');
    expect(location).toBe('https://shop.example/a?b=1&utm_source=mine&utm_campaign=M%C3%A4rz%20%26%20Co#top');
  });

  test('without tracking links get them in the text of the message itself', async () => {
    const letter = await deliver(
      'utm2@mail.test',
      ['X-Postino-UTM-Source: news', ...HTML],
      '<a href="https://shop.example/a">x</a>\r\n',
    );
    expect(letter.html).toContain('href="https://shop.example/a?utm_source=news"');
    expect(letter.links.html).toEqual([]);
  });

  test('events and the search tell the subject that the letter had', async () => {
    const api = '{"DynamicFields": [{"N": "name", "V": "Jörg"}]}';
    const to = 'subject@mail.test';
    await deliver(to, [`X-SMTPAPI: ${api}`, 'Subject: Hallo [name]', ...TEXT], '[name]\r\n');
    const event = await treated.event('delivered', to);
    expect(event.subject).toBe('Hallo Jörg');
    expect((await treated.event('accepted', to)).subject).toBe('Hallo [name]');
    expect(await cli('message', 'search', '--to', to)).toContain('Hallo Jörg');
    expect(await cli('message', 'show', event.submission)).toMatch(/^Subject: +Hallo Jörg$/m);
  });

  test('SkipDynamicFields keeps brackets, whatever values come along', async () => {
    const api = '{"SkipDynamicFields": true, "DynamicFields": [{"N": "name", "V": "Anna"}]}';
    const letter = await deliver(
      'skip@mail.test',
      [`X-SMTPAPI: ${api}`, 'Subject: [name]', ...TEXT],
      '[name] [x|y]\r\n',
    );
    expect([letter.subject, letter.text.trim()]).toEqual(['[name]', '[name] [x|y]']);
  });

  test('recipients do not see each other where it says so', async () => {
    const rcpt = ['one@mail.test', 'two@mail.test', 'three@mail.test'];
    const data = message(
      [FROM, 'To: "Uno" <one@mail.test>, two@mail.test', 'Cc: three@mail.test', 'X-Postino-Separate: yes'],
      'x\r\n',
    );
    await treated.send({ rcpt, data });
    for (const to of rcpt) {
      const letter = await treated.arrived(to);
      expect(letter.fields('to')).toEqual([to === 'one@mail.test' ? 'Uno <one@mail.test>' : to]);
      expect(letter.fields('cc')).toEqual([]);
      for (const other of rcpt) if (other !== to) expect(letter.raw).not.toContain(other);
    }
  });

  test('a Bcc gets a copy with its own address in To, as SMTP+ does it; the others know nothing of it', async () => {
    const rcpt = ['seen@mail.test', 'copied@mail.test', 'hidden@mail.test'];
    const header = [
      FROM,
      'To: seen@mail.test',
      'Cc: copied@mail.test',
      'Bcc: hidden@mail.test',
      'Subject: bcc',
      'X-Postino-Own-Bcc: yes',
    ];
    await treated.send({ rcpt, data: message(header, 'x\r\n') });
    expect((await treated.arrived('hidden@mail.test')).fields('to')).toEqual(['hidden@mail.test']);
    for (const to of ['seen@mail.test', 'copied@mail.test']) {
      const letter = await treated.arrived(to);
      expect([letter.fields('to'), letter.fields('cc')]).toEqual([['seen@mail.test'], ['copied@mail.test']]);
      expect(letter.raw).not.toContain('hidden@mail.test');
      expect(await treated.signatures(letter)).toEqual(SIGNED);
    }
  });

  test('values cannot bring a header, a second recipient or a script', async () => {
    const evil = '"><script>x</script>\r\nBcc: evil@mail.test\r\n\r\n, <evil@mail.test>';
    const api = JSON.stringify({ DynamicFields: [{ N: 'evil', V: evil }] });
    const letter = await deliver(
      'safe@mail.test',
      [`X-SMTPAPI: ${api}`, 'Subject: Hi [evil]', 'Reply-To: "[evil]" <help@shop.example>', ...HTML],
      '<p title="[evil]">[evil]</p><a href="[evil]">x</a><a href="https://shop.example/[evil]">y</a>\r\n',
    );
    expect(letter.fields('bcc')).toEqual([]);
    expect(letter.fields('reply-to')).toHaveLength(1);
    expect(letter.html).not.toContain('<script');
    expect(letter.subject).toMatch(/^Hi "><script>x<\/script> Bcc: evil/);
    expect(await treated.signatures(letter)).toEqual(SIGNED);
  });
});

describe('a user whose program sets no headers', () => {
  const PAGE =
    '<html><body><p>Hallo [name|du], <a href="https://shop.example/x">x</a> <a href="https://other.example/y">y</a></p></body></html>\r\n';

  test('has all of it by its defaults', async () => {
    const letter = await deliver(
      'plain.app@mail.test',
      ['To: Tom <plain.app@mail.test>', 'Subject: News', ...HTML],
      PAGE,
      'app',
    );
    expect(letter.html).toContain('<p>Shop – Kopf</p><p>Hallo Tom, ');
    expect(letter.html).toContain('<p>Shop GmbH <a href="https://click.shop.example/t/u/');
    expect(letter.pixel).toBeDefined();
    expect(letter.fields('list-unsubscribe-post')).toEqual(['List-Unsubscribe=One-Click']);
    const targets = await Promise.all(letter.links.html.map((link) => treated.visit(link)));
    expect(targets.map(({ location }) => location)).toEqual([
      'https://shop.example/x?utm_source=app',
      'https://other.example/y',
    ]);
    const labels = { tags: ['app'], metadata: { source: 'app-17' } };
    expect(await treated.event('accepted', 'plain.app@mail.test')).toMatchObject(labels);
    expect(await treated.event('clicked', 'plain.app@mail.test')).toMatchObject(labels);
    expect(letter.raw).not.toContain('app-17');
  });

  test('and by its rules', async () => {
    const letter = await deliver('anna.vip@mail.test', ['Subject: Invoice 17', ...HTML], PAGE, 'app');
    expect(letter.links.html).toEqual([]);
    expect(letter.html).not.toContain('Shop GmbH');
    expect(letter.html).toContain('href="https://shop.example/x?utm_source=app"');
    expect(await treated.event('delivered', 'anna.vip@mail.test')).toMatchObject({
      campaign: 'billing',
      tags: ['invoice'],
      metadata: { source: 'app-17', vip: 'yes' },
    });
  });

  test('a rule on the sender takes away what it says', async () => {
    const data = message(
      ['From: no-reply@shop.example', 'To: rule@mail.test', 'Subject: Reset', ...HTML],
      PAGE,
    );
    await treated.send({ rcpt: ['rule@mail.test'], data, user: loginOf('app') });
    const letter = await treated.arrived('rule@mail.test');
    expect(letter.pixel).toBeUndefined();
    expect(letter.fields('list-unsubscribe')).toEqual([]);
    expect(letter.links.html).toHaveLength(2);
  });

  test('what a message says wins, and its own List-Unsubscribe stays the only one', async () => {
    const own = 'List-Unsubscribe: <https://shop.example/leave>';
    const letter = await deliver(
      'wins@mail.test',
      ['Subject: x', own, 'X-Postino-No-Track: yes', 'X-Postino-Merge: off', 'X-Postino-Header: no', ...HTML],
      PAGE,
      'app',
    );
    expect(letter.html).toContain('Hallo [name|du]');
    expect([letter.pixel, letter.links.html]).toEqual([undefined, []]);
    expect(letter.fields('list-unsubscribe')).toEqual(['<https://shop.example/leave>']);
    expect(letter.fields('list-unsubscribe-post')).toEqual([]);
  });

  test('knows recipients by their mail: a name once given is there the next time', async () => {
    await deliver(
      'known@mail.test',
      ['To: Nora <known@mail.test>', 'Subject: first', ...TEXT],
      '[name|?]\r\n',
      'app',
    );
    expect(await cli('recipient', 'show', 'known@mail.test')).toContain('Nora');
    const data = message(
      [FROM, 'To: list@mail.test', 'Subject: [name|nobody]', ...TEXT],
      'Hallo [name|nobody]\r\n',
    );
    await treated.send({ rcpt: ['known@mail.test'], data, user: loginOf('app') });
    const event = await treated.event('delivered', 'known@mail.test');
    expect(event.subject).toBe('first');
    const { messages } = treated.world.mx.good;
    await expect.poll(() => messages.filter(({ to }) => to === 'known@mail.test').length).toBe(2);
    expect(messages.findLast(({ to }) => to === 'known@mail.test')?.data.toString()).toContain('Hallo Nora');
  });
});

test('it stops in good order, although its threads were at work', async () => {
  const begun = performance.now();
  expect(await treated.relay.stop()).toBe(0);
  expect(performance.now() - begun).toBeLessThan(8000);
  expect(treated.relay.log()).not.toMatch(/"level":(?:50|60)/);
});
