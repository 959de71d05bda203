// The texts of the load's messages: what their control headers ask for, and what each recipient must find in its letter. Pure.
import { createHash } from 'node:crypto';

/**
 * plain: no treatment, by a user without defaults. The others are sent by a user whose mail is tracked, merged, and gets
 * unsubscribe fields and a footer; signed: with a body that nobody may touch all the same.
 */
export const treatedKinds = ['html', 'quoted', 'tags', 'liquid', 'css', 'signed'] as const;
/** Those that rendering threads work on. */
export const threadKinds = ['liquid', 'css'] as const;
export type Kind = 'plain' | (typeof treatedKinds)[number];

export const SENDER_DOMAIN = 'shop.test';
export const TRACKING_HOST = 'click.shop.test';
export const FOOTER = 'The footer of the shop';
/** What no recipient may see begins with this. */
export const SECRET = 'secret-';

/** Values that only this recipient may get. */
export const valuesOf = (address: string): Readonly<{ name: string; code: string }> => {
  const local = address.split('@')[0] ?? '';
  return { name: `Åsa ${local} <b>`, code: `for-${local}` };
};

/** Stored templates that the messages name. */
export const templates = {
  'order-tags': {
    engine: 'tags',
    subject: 'Templated: [subject]',
    html: page('<p>Dear [name], [code]</p>\r\n[body]', '[order]', '[code]'),
    text: 'Dear [name], your code is [code]\r\nhttps://shop.test/order?id=[order]&r=[code]\r\n',
  },
  'order-liquid': {
    engine: 'liquid',
    subject: 'Templated: {{ subject }}',
    html: page(
      '<p>Dear {{ name }}, {{ code }}</p>\r\n<ul>{% for i in (1..400) %}{% assign n = i | modulo: 40 %}{% if n == 0 %}\r\n<li>{{ i | times: 3 }} {{ code }}</li>{% endif %}{% endfor %}</ul>',
      '{{ order }}',
      '{{ code }}',
    ),
    text: 'Dear {{ name }}, your code is {{ code }}\r\nhttps://shop.test/order?id={{ order }}&r={{ code }}\r\n',
  },
} as const;

type Wanted = Readonly<{
  testId: string;
  kind: Kind;
  recipients: readonly string[];
  size: number;
  sendAt?: number;
  key?: string;
}>;

export function writePlain(testId: string, recipients: readonly string[], size: number): Buffer {
  const line = `${testId} thank you for your order, it is on its way to you already.\r\n`;
  const header = [...headerOf(testId, 'plain', recipients), 'Content-Type: text/plain; charset=utf-8'];
  return join(header, line.repeat(Math.ceil(size / line.length)));
}

export function writeTreated(wanted: Wanted): Buffer {
  const { testId, kind, recipients } = wanted;
  const [type, body] = bodyOf(wanted);
  return join([...headerOf(testId, kind, recipients), ...controls(wanted), ...type], body);
}

/** The body of a message, as the mail host must get it where nothing is treated. */
export function bodyDigest(raw: Buffer): string {
  const body = raw.subarray(raw.indexOf('\r\n\r\n') + 4);
  return createHash('sha256').update(body).digest('base64url');
}

function headerOf(testId: string, kind: Kind, recipients: readonly string[]): string[] {
  return [
    `From: Shop <orders@${SENDER_DOMAIN}>`,
    `To: ${recipients.map((address) => `<${address}>`).join(',\r\n ')}`,
    `Subject: Order ${testId}`,
    `Message-ID: <${testId}@faults.test>`,
    'Date: Mon, 05 Jan 2026 10:00:00 +0000',
    'MIME-Version: 1.0',
    `X-Test-Id: ${testId}`,
    `X-Test-Kind: ${kind}`,
  ];
}

function controls({ testId, kind, recipients, sendAt, key }: Wanted): string[] {
  // In ASCII, and each recipient on a line of its own: a line of a header is not endless.
  const own = recipients.map((address) => `"${address}": ${ascii(JSON.stringify(valuesOf(address)))}`);
  const template = { tags: 'order-tags', liquid: 'order-liquid' }[String(kind)];
  // Too long for the links: it is kept in Redis under its hash.
  const metadata = { order: `${SECRET}${testId}`, note: SECRET.repeat(kind === 'quoted' ? 40 : 1) };
  return [
    'Bcc: <secret-hidden@b.test>',
    `X-Postino-Fields: ${JSON.stringify({ order: testId })}`,
    `X-Postino-Recipient-Fields: {${own.join(',\r\n ')}}`,
    `X-Postino-Metadata: ${JSON.stringify(metadata)}`,
    `X-Postino-Tag: ${SECRET}tag`,
    ...(template === undefined ? [] : [`X-Postino-Template: ${template}`]),
    ...(kind === 'css' ? ['X-Postino-Inline-CSS: yes'] : []),
    ...(sendAt === undefined ? [] : [`X-Postino-Send-At: ${sendAt / 1000}`]),
    ...(key === undefined ? [] : [`X-Postino-Idempotency-Key: ${key}`]),
  ];
}

function bodyOf({ testId, kind, size }: Wanted): readonly [string[], string] {
  const filler = `<p class="note">${testId}: grüße, and thank you for your order.</p>\r\n`;
  const html = page(
    `<p>Dear [name], [code]</p>\r\n${filler.repeat(Math.ceil(size / filler.length))}`,
    testId,
    '[code]',
  );
  const text = `Dear [name], your code is [code]\r\nhttps://shop.test/order?id=${testId}&r=[code]\r\n`;
  switch (kind) {
    case 'signed':
      return [
        ['Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s'],
        signed(testId),
      ];
    case 'quoted':
      return [[...HTML, 'Content-Transfer-Encoding: quoted-printable'], quote(html)];
    case 'css':
      return [[...HTML, 'Content-Transfer-Encoding: 8bit'], html];
    case 'plain':
    case 'html':
    case 'tags':
    case 'liquid':
      return [['Content-Type: multipart/alternative; boundary=alt'], alternative(text, html)];
  }
}

const HTML = ['Content-Type: text/html; charset=utf-8'];

function page(middle: string, order: string, code: string): string {
  return [
    '<html><head><style>p { color: #333 } .note { margin: 4px }</style></head><body>',
    middle,
    `<p><a href="https://shop.test/order?id=${order}&amp;r=${code}">your order</a></p>`,
    `<p><a href="https://shop.test/help?${order}">help</a> <a href="mailto:orders@shop.test">write</a></p>`,
    '</body></html>',
    '',
  ].join('\r\n');
}

function alternative(text: string, html: string): string {
  const part = (type: string, content: string): string =>
    `--alt\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${content}\r\n`;
  return `${part('text/plain', text)}${part('text/html', html)}--alt--\r\n`;
}

/** The signature need not be right: whether the bytes are the same is for the judge. */
function signed(testId: string): string {
  const inner = `Content-Type: text/html\r\n\r\n<p>[name] <a href="https://shop.test/order?id=${testId}">order</a></p>`;
  return `--s\r\n${inner}\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nnone\r\n--s--\r\n`;
}

const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Quoted-printable (RFC 2045 §6.7) with short lines. */
function quote(text: string): string {
  const line = (bytes: Buffer): string => {
    const words = [...bytes].map((byte) =>
      byte === 0x3d || byte > 0x7e ? `=${byte.toString(16).toUpperCase()}` : String.fromCharCode(byte),
    );
    const lines = [''];
    for (const word of words) {
      const last = lines.at(-1) ?? '';
      if (last.length + word.length > 75) lines.push(word);
      else lines[lines.length - 1] = last + word;
    }
    return lines.join('=\r\n');
  };
  return text
    .split('\r\n')
    .map((one) => line(Buffer.from(one)))
    .join('\r\n');
}

function join(header: readonly string[], body: string): Buffer {
  return Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`);
}
