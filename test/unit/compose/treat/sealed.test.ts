// Texts that a change would break stay byte for byte: PGP in a text, an invitation with its alternatives.
import { describe, expect, test } from 'vitest';
import type { Instructions } from '../../../../src/model/instructions.ts';
import { buildMessage } from '../../../../src/compose/treat/build.ts';
import { bytesOf, composeOf, crlf, deliveryOf, MODERN_PEER, submissionOf } from '../../../support/letters.ts';

const LINK = 'https://shop.example/x';
const HEAD = 'From: a@shop.example\nTo: b@x.example\nSubject: s\nMIME-Version: 1.0\n';
const ARMOUR = 'Hash: SHA256\n\n[name], see https://shop.example/x\n';
const instructions: Instructions = {
  opens: true,
  clicks: 'all',
  unsubscribe: true,
  footer: { html: '<p>Foot</p>', text: 'Foot' },
  merge: { fields: { name: 'Ann' } },
};

async function bodyOf(header: string, body: string): Promise<string> {
  const bytes = Buffer.from(crlf(`${HEAD}${header}\n\n${body}`));
  const submission = submissionOf(bytes, {
    instructions,
    treatment: { linkBase: 'https://click.shop.example', mergeHeaders: ['subject'] },
  });
  const rendered = await composeOf(bytes).render(submission, deliveryOf(submission))(MODERN_PEER);
  if (!('letter' in rendered)) throw new Error(rendered.refusal.detail);
  const letter = bytesOf(rendered.letter).toString('latin1');
  return letter.slice(letter.indexOf('\r\n\r\n') + 4);
}

describe('a text with PGP in it', () => {
  const signed = `Hello,\n-----BEGIN PGP SIGNED MESSAGE-----\n${ARMOUR}-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n`;
  const cases = [
    ['signed', 'Content-Type: text/plain', signed],
    [
      'encrypted',
      'Content-Type: text/plain',
      '-----BEGIN PGP MESSAGE-----\n\nhQ[name]\n-----END PGP MESSAGE-----\n',
    ],
    ['in HTML', 'Content-Type: text/html', `<pre>\n${signed}</pre><a href="${LINK}">x</a>\n`],
    [
      'in base64',
      'Content-Type: text/plain\nContent-Transfer-Encoding: base64',
      `${Buffer.from(crlf(signed)).toString('base64')}\n`,
    ],
  ] as const;
  test.each(cases)('%s', async (_, header, body) => {
    expect(await bodyOf(header, body)).toBe(crlf(body));
  });

  test('that only speaks of it is treated', async () => {
    const body = await bodyOf(
      'Content-Type: text/plain',
      'Write -----BEGIN PGP MESSAGE----- first, [name].\n',
    );
    expect(body).toContain('first, Ann.');
  });
});

describe('an invitation', () => {
  const parts = [
    `Content-Type: text/plain\n\n[name], join ${LINK}`,
    `Content-Type: text/html\n\n<p>[name]</p><a href="${LINK}">join</a>`,
    `Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nURL:${LINK}\nEND:VCALENDAR`,
  ];
  const alternatives = `${parts.map((part) => `--a\n${part}\n`).join('')}--a--\n`;

  test('stays with its alternatives', async () => {
    expect(await bodyOf('Content-Type: multipart/alternative; boundary=a', alternatives)).toBe(
      crlf(alternatives),
    );
  });

  test('stays inside a message, whose own text is treated', async () => {
    const inner = `Content-Type: multipart/alternative; boundary=a\n\n${alternatives}`;
    const body = await bodyOf(
      'Content-Type: multipart/mixed; boundary=m',
      `--m\n${inner}--m\nContent-Type: text/plain\n\nDear [name]\n--m--\n`,
    );
    expect(body).toContain(crlf(inner));
    expect(body).toContain('Dear Ann');
  });

  test('is kept when a template takes the place of the text, and so is every text that nobody reads as the message', () => {
    const csv = 'Content-Type: text/csv; name=a.csv\n\n1,2';
    const fields = Buffer.from('Content-Type: multipart/mixed; boundary=a\r\n');
    const body = Buffer.from(crlf(`${[...parts, csv].map((part) => `--a\n${part}\n`).join('')}--a--\n`));
    const built = buildMessage({ fields, body }, { html: '<p>T</p>' }, 'ID').body.toString('latin1');
    expect(built).toContain('BEGIN:VCALENDAR');
    expect(built).toContain('1,2');
    expect(built).not.toContain('join');
  });
});
