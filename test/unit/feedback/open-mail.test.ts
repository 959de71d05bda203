// Mail to ourselves opened: subject, first text, and whether a person wrote it.
import { describe, expect, test } from 'vitest';
import { openMail } from '../../../src/feedback/open-mail.ts';
import { cpuClock } from '../../support/cpu.ts';

const mail = (header: readonly string[], body = ''): Buffer =>
  Buffer.from(`${header.join('\r\n')}\r\n\r\n${body}`, 'utf8');
const TOKEN = 'EwAB-_'.repeat(40);
const qp = (text: string): string => (text.match(/.{1,70}/g) ?? []).join('=\r\n');

describe('the subject', () => {
  test.each<[string, string, string]>([
    ['plain', `Subject: ${TOKEN}`, TOKEN],
    ['folded', `Subject:\r\n ${TOKEN}`, TOKEN],
    ['in encoded words', `Subject: =?utf-8?B?${Buffer.from('Re: abc').toString('base64')}?=`, 'Re: abc'],
    ['in encoded words over two lines', 'Subject: =?us-ascii?Q?abc?=\r\n =?us-ascii?Q?=5Fdef?=', 'abc_def'],
    ['in raw 8-bit', 'Subject: Grüße', 'Grüße'],
    ['that is not there', 'X: y', ''],
    ['that is there twice', 'Subject: one\r\nSubject: two', 'one'],
  ])('%s', (_, field, subject) => expect(openMail(mail([field])).subject).toBe(subject));
});

describe('the text', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const alternative = (parts: readonly string[]): Buffer =>
    mail(
      ['Content-Type: multipart/alternative; boundary="b"'],
      `x\r\n--b\r\n${parts.join('\r\n--b\r\n')}\r\n--b--\r\n`,
    );
  test.each<[string, Buffer, string]>([
    ['plain', mail(['X: y'], `\r\n  ${TOKEN}\r\nbye`), `${TOKEN}\r\nbye`],
    [
      'quoted-printable',
      mail(['Content-Transfer-Encoding: Quoted-Printable'], `a=5Fb ${qp(TOKEN)}`),
      `a_b ${TOKEN}`,
    ],
    ['base64', mail(['Content-Transfer-Encoding: base64'], base64(`hi ${TOKEN}`)), `hi ${TOKEN}`],
    ['HTML', mail(['Content-Type: text/html'], `<html><p class="a">${TOKEN}</p>`), TOKEN],
    ['the first of several', alternative([`\r\n${TOKEN}`, 'Content-Type: text/html\r\n\r\n<p>x']), TOKEN],
    [
      'inside two multiparts',
      alternative([`Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n${TOKEN}\r\n--c--`]),
      TOKEN,
    ],
    ['of a picture', mail(['Content-Type: image/png'], 'x'), ''],
    ['of a multipart without its boundary', mail(['Content-Type: multipart/mixed'], 'x'), ''],
    ['of a multipart without parts', mail(['Content-Type: multipart/mixed; boundary=q'], 'x'), ''],
    ['of nothing', Buffer.alloc(0), ''],
    ['of a header alone', Buffer.from('Subject: x'), ''],
  ])('%s', (_, message, text) => expect(openMail(message).text).toBe(text));

  test('only its beginning is read', () =>
    expect(openMail(mail(['X: y'], 'a'.repeat(200_000))).text.length).toBe(16_384));
});

test.each<[string[], string]>([
  [[], 'person'],
  [['Auto-Submitted: no'], 'person'],
  [['Precedence: first-class'], 'person'],
  [['Auto-Submitted: auto-replied (vacation)'], 'automatic'],
  [['Auto-Submitted: auto-generated'], 'automatic'],
  [['Precedence: bulk'], 'automatic'],
  [['Precedence: Auto_Reply'], 'automatic'],
  [['Content-Type: Multipart/Report; report-type=delivery-status; boundary=x'], 'report'],
])('%j: written by a %s', (header, sort) =>
  expect(openMail(mail(['From: a@b.example', ...header])).sort).toBe(sort),
);

test('hostile messages are opened in no time', () => {
  const nested = (depth: number): string =>
    depth === 0
      ? 'deep'
      : `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${nested(depth - 1)}`;
  const spent = cpuClock();
  expect(openMail(Buffer.from(nested(200))).text).toBe('');
  const html = 'Content-Type: text/html\r\n\r\n';
  for (const unit of ['<', '<a', '=', '= ', '=\r', '=?a?q?', '\r\n--b', '>'])
    for (const header of [
      html,
      'Content-Transfer-Encoding: quoted-printable\r\n\r\n',
      'Subject: ',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n',
    ])
      openMail(Buffer.from(`${header}${unit.repeat(262_144 / unit.length)}`));
  expect(spent()).toBeLessThan(5000);
});
