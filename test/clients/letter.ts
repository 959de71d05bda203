// The letter that every client sends: a real HTML message with a text beside it and an attachment, in several forms.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** From the shared corpora where they are, else a page of ours. */
const CORPUS = new URL(
  '../../../shared/corpora/html/postmark/basic-full-invoice-content.html',
  import.meta.url,
);
const OWN = new URL('./invoice.html', import.meta.url);

export type Letter = Readonly<{
  subject: string;
  text: string;
  html: string;
  attachment: Readonly<{ name: string; type: string; content: Buffer }>;
}>;

/** Lines that a careless relay breaks: leading dots, spaces at the end, "From " and no ASCII. */
const TEXT = [
  'Grüße aus Köln! Ihre Rechnung liegt bei: 119,00 €.',
  '',
  '.',
  '..',
  '.a line that begins with a dot',
  'From here on nothing changes.',
  'spaces at the end   ',
  '\ttab and  two  spaces',
  '',
].join('\n');

/** The letter; `slug` makes its subject one of a kind. */
export function makeLetter(slug: string): Letter {
  return {
    subject: `Ihre Rechnung für März – ${slug}`,
    text: TEXT,
    html: readFileSync(existsSync(CORPUS) ? CORPUS : OWN, 'utf8').replaceAll('\r\n', '\n'),
    attachment: { name: 'rechnung.pdf', type: 'application/pdf', content: attachment },
  };
}

/** 40 KB with every byte value, the same in each run. */
const attachment = Buffer.concat([
  Buffer.from('%PDF-1.4\r\n%\xe2\xe3\xcf\xd3\n.\r\n..\r\n', 'latin1'),
  ...Array.from({ length: 1250 }, (_, n) => createHash('sha256').update(`block ${n}`).digest()),
]);

export type Addresses = Readonly<{ from: string; to: string; bcc: string }>;

/** What the sender wants to read in every event. */
export const metadata = {
  order: '4711',
  city: 'Köln',
  note: 'a text that is long enough for any program to fold this field somewhere in it',
} as const;
/** As SendGrid's manual has it: in ASCII, since some programs break other letters. */
const api = JSON.stringify({ category: ['invoices'], unique_args: metadata }).replace('ö', '\\u00f6');

/** Control fields, Bcc and Return-Path, which no recipient may see; and one that everybody may. */
export const extraFields = {
  'X-SMTPAPI': api,
  'X-Postino-Tag': 'invoices',
  'X-Mailgun-Tag': 'invoices',
  'X-Shop-Order': '4711',
} as const;

/** The letter as a message with 8-bit parts and CRLF, for clients that are given a whole message. */
export function writeMessage(letter: Letter, { from, to, bcc }: Addresses): Buffer {
  const encoded = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
  const part = (type: string, text: string): string =>
    `Content-Type: ${type}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${text}\n`;
  const base64 = letter.attachment.content.toString('base64').replace(/.{76}/g, '$&\n');
  const lines = [
    'Return-Path: <old-bounces@elsewhere.example>',
    `From: ${encoded('Müller & Söhne')} <${from}>`,
    `To: ${to}`,
    `Bcc: ${bcc}`,
    `Subject: ${encoded(letter.subject)}`,
    'Date: Mon, 02 Mar 2026 10:11:12 +0100',
    `Message-ID: <${createHash('sha256').update(`${to}${letter.subject}`).digest('hex').slice(0, 20)}@client.example>`,
    ...Object.entries(extraFields).map(([name, value]) => `${name}: ${value}`),
    'List-Unsubscribe: <https://shop.example/u/17>,\n <mailto:leave@shop.example>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_outer"',
    '',
    'This is a message in several parts.',
    '--=_outer',
    'Content-Type: multipart/alternative; boundary="=_inner"',
    '',
    `--=_inner\n${part('text/plain', letter.text)}`,
    `--=_inner\n${part('text/html', letter.html)}`,
    '--=_inner--',
    '',
    '--=_outer',
    `Content-Type: ${letter.attachment.type}; name="${letter.attachment.name}"`,
    `Content-Disposition: attachment; filename="${letter.attachment.name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    base64,
    '--=_outer--',
    '',
  ];
  return Buffer.from(lines.join('\n').replaceAll('\n', '\r\n'));
}

/** The letter as files in a folder, for scripts in other languages: text.txt, page.html and the attachment. */
export function writeParts(letter: Letter, folder: string): void {
  writeFileSync(join(folder, 'text.txt'), letter.text);
  writeFileSync(join(folder, 'page.html'), letter.html);
  writeFileSync(join(folder, letter.attachment.name), letter.attachment.content);
}
