// A user whose defaults ask for everything: what a change would break arrives byte for byte all the same.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { split } from '../../support/arrival.ts';
import { message } from '../../support/sender.ts';
import { SIGNED, startTreated, type Arrived, type Treated } from '../../support/treated.ts';

let treated: Treated;

beforeAll(async () => {
  treated = await startTreated({
    users: {
      shop: {
        header: { html: '<p>Kopf</p>', text: 'Kopf' },
        footer: { html: '<p>Fuß</p>', text: 'Fuß' },
        defaults: {
          opens: true,
          clicks: 'all',
          unsubscribe: true,
          topic: 'all',
          header: true,
          footer: true,
          inlineCss: true,
          separate: true,
          merge: { syntaxes: ['brackets', 'handlebars'], fields: { name: 'Anna' } },
          utm: { source: 'relay' },
        },
      },
    },
  });
});
afterAll(() => treated.close());

const LINK = 'https://shop.example/x';
const HTML_PART = [
  'Content-Type: text/html; charset=utf-8',
  '',
  `<html><body><p style="">[name] {{name}}</p><a href="${LINK}">x</a>  `,
  '</body></html>',
];
const lines = (count: number): string =>
  Array.from({ length: count }, () => randomBytes(48).toString('base64')).join('\r\n');
const parts = (...content: readonly (readonly string[])[]): string =>
  ['preamble [name]', ...content.flatMap((part) => ['--s', ...part]), '--s--', 'epilogue [name] \t', ''].join(
    '\r\n',
  );

const SIGNED_BODY = parts(HTML_PART, [
  'Content-Type: application/pkcs7-signature; name=smime.p7s',
  'Content-Transfer-Encoding: base64',
  '',
  lines(3),
]);
const ENCRYPTED = parts(
  ['Content-Type: application/pgp-encrypted', '', 'Version: 1'],
  [
    'Content-Type: application/octet-stream',
    '',
    '-----BEGIN PGP MESSAGE-----',
    lines(9),
    '-----END PGP MESSAGE-----',
  ],
);
const INVITATION = `BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nDESCRIPTION:[name] ${LINK}\r\nURL:${LINK}\r\nEND:VCALENDAR\r\n`;
const REPORT = parts(
  ['', `It failed: ${LINK} [name]`],
  [
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; x.example',
    '',
    'Final-Recipient: rfc822; a@b.example',
    'Action: failed',
    'Status: 5.1.1',
  ],
  ['Content-Type: message/rfc822', '', 'Subject: [name]', '', `${LINK}`],
);
const type = (value: string): string => `Content-Type: ${value}`;

const sealed = [
  [
    'signed by S/MIME',
    [type('multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s')],
    SIGNED_BODY,
  ],
  [
    'signed by PGP',
    [type('Multipart/Signed;\r\n\tboundary="s"; protocol="application/pgp-signature"')],
    SIGNED_BODY,
  ],
  [
    'signed and opaque',
    [
      type('application/pkcs7-mime; smime-type=signed-data; name=smime.p7m'),
      'Content-Transfer-Encoding: base64',
    ],
    `${lines(8)}\r\n`,
  ],
  [
    'encrypted by S/MIME',
    [type('application/x-pkcs7-mime; smime-type=enveloped-data'), 'Content-Transfer-Encoding: base64'],
    `${lines(8)}\r\n`,
  ],
  [
    'encrypted by PGP',
    [type('multipart/encrypted; protocol="application/pgp-encrypted"; boundary=s')],
    ENCRYPTED,
  ],
  ['an invitation', [type('text/calendar; method=REQUEST; charset=utf-8')], INVITATION],
  [
    'TNEF',
    [type('application/ms-tnef; name=winmail.dat'), 'Content-Transfer-Encoding: base64'],
    `${lines(20)}\r\n`,
  ],
  ['a DSN', [type('multipart/report; report-type=delivery-status; boundary=s')], REPORT],
  ['a read receipt', [type('multipart/report; report-type=disposition-notification; boundary=s')], REPORT],
  [
    'an automatic reply',
    ['Auto-Submitted: auto-replied', type('text/html')],
    `<p>[name]</p><a href="${LINK}">x</a>\r\n`,
  ],
] as const;

async function deliver(
  name: string,
  header: readonly string[],
  body: string,
  mail = 'orders@shop.example',
): Promise<Arrived> {
  const to = `${name.replace(/\W/g, '').toLowerCase()}@mail.test`;
  const fields = [
    'From: <orders@shop.example>',
    `To: "[name]" <${to}>,\r\n\tother@mail.test`,
    'Cc: third@mail.test',
    'Subject: [name] {{name}}',
    'Message-ID: <m@shop.example>',
    'Date: Mon, 02 Mar 2026 10:11:12 +0100',
    'MIME-Version: 1.0',
  ];
  expect(await treated.send({ rcpt: [to], data: message([...fields, ...header], body), mail })).not.toBe('');
  return treated.arrived(to);
}

function expectUntouched(letter: Arrived, body: string): void {
  expect(split(letter.came).body.toString('latin1')).toBe(body);
  expect(letter.fields('subject')).toEqual(['[name] {{name}}']);
  expect(letter.fields('to')[0]).toContain('other@mail.test');
  expect(letter.fields('cc')).toEqual(['third@mail.test']);
  expect(letter.fields('list-unsubscribe')).toEqual([]);
  expect(letter.raw).not.toMatch(/click\.shop\.example|Kopf/);
}

describe('a message that is', () => {
  test.each(sealed)('%s', async (name, header, body) => {
    const letter = await deliver(name, header, body);
    expectUntouched(letter, body);
    for (const line of header) expect(letter.raw).toContain(`${line}\r\n`);
    expect(await treated.signatures(letter)).toEqual(SIGNED);
  });

  test('from the null sender', async () => {
    const body = `<p>[name]</p><a href="${LINK}">x</a>\r\n`;
    const letter = await deliver('null sender', [type('text/html')], body, '');
    expectUntouched(letter, body);
    expect(letter.came.from).toBe('');
  });

  test('sealed by its whole, with control fields of its own: they go, and the event says that nothing was done', async () => {
    const letter = await deliver(
      'asked',
      [
        type('multipart/signed; boundary=s; protocol=x'),
        'X-MC-Track: opens, clicks_all',
        'X-Postino-Tag: t1',
        'Bcc: hidden@mail.test',
      ],
      SIGNED_BODY,
    );
    expectUntouched(letter, SIGNED_BODY);
    expect(letter.raw).not.toMatch(/^(?:x-mc-|x-postino-|bcc)/im);
    const { tags, notes } = await treated.event('accepted', 'asked@mail.test');
    expect(tags).toEqual(['t1']);
    expect(notes).toEqual(['The message was passed on as it came: it is signed.']);
  });
});

describe('a part that is sealed in a message that is not', () => {
  const inner = (content: string): readonly string[] => content.split('\r\n');
  const nested = [
    [
      'signed',
      [
        'Content-Type: multipart/signed; boundary=i',
        '',
        '--i',
        ...HTML_PART,
        '--i',
        'Content-Type: application/pgp-signature',
        '',
        lines(2),
        '--i--',
      ],
    ],
    ['a calendar entry', ['Content-Type: text/calendar; method=REQUEST', '', ...inner(INVITATION)]],
    [
      'an attached message',
      [
        'Content-Type: message/rfc822',
        '',
        'Subject: [name]',
        'Content-Type: text/html',
        '',
        `<p>[name]</p><a href="${LINK}">x</a>`,
      ],
    ],
    [
      'an attached page',
      [
        'Content-Type: text/html; name=page.html',
        'Content-Disposition: attachment; filename=page.html',
        '',
        `<p>[name]</p><a href="${LINK}">x</a>`,
      ],
    ],
    ['TNEF', ['Content-Type: application/ms-tnef', 'Content-Transfer-Encoding: base64', '', lines(5)]],
  ] as const;

  test.each(nested)('%s: stays, and the rest is treated', async (name, part) => {
    const body = parts(HTML_PART, part);
    const letter = await deliver(`in ${name}`, [type('multipart/mixed; boundary=s')], body);
    const arrived = split(letter.came).body.toString('latin1');
    expect(arrived).toContain(`\r\n--s\r\n${part.join('\r\n')}\r\n--s--\r\nepilogue [name] \t\r\n`);
    expect(arrived).toMatch(/^preamble \[name\]\r\n/);
    const treatedPart = arrived.slice(0, arrived.indexOf(part[0]));
    expect(treatedPart).toContain('Anna Anna');
    expect(treatedPart).toContain('https://click.shop.example/t/c/');
    expect(treatedPart).toContain('Kopf');
    expect(letter.fields('to')).toEqual([`Anna <${letter.came.to}>`]);
    expect(await treated.signatures(letter)).toEqual(SIGNED);
  });
});
