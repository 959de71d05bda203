// Mail for peers without 8BITMIME or SMTPUTF8: readable by others afterwards, and refused where it would break.
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { sevenBitBody } from '../../../src/compose/seven-bit-body.ts';
import { sevenBitFields } from '../../../src/compose/seven-bit-header.ts';
import { scanHeaders } from '../../../src/mail/headers.ts';
import {
  composeOf,
  crlf,
  deliveryOf,
  MODERN_PEER,
  PLAIN_PEER,
  renderOf,
  submissionOf,
  USUAL_PEER,
  verify,
} from '../../support/letters.ts';
import { randomFrom, rounds } from '../../support/random.ts';

const base = 'From: orders@shop.example\nDate: x\nMessage-ID: <a@b>\nMIME-Version: 1.0\n';
const mixed = `${base}Subject: Gruß
Content-Type: multipart/mixed; boundary="b 1"
Content-Transfer-Encoding: 8bit

Preamble ü
--b 1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße aus Köln, ${'ä'.repeat(60)} 
.
--b 1x is no delimiter
--b 1
Content-Type: text/plain

ascii  stays = as it is\t
--b 1 \t
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/html; charset=utf-8
content-transfer-encoding: 8BIT

<p>Grüße</p>
--inner--
--b 1
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary
Content-Disposition: attachment; filename="Räume.bin"

\u00ffbin\u00fe
--b 1
Content-Type: message/rfc822

Subject: Weitergeleitet: Grüße
Content-Type: text/plain; charset=utf-8

Inneres ü
--b 1--
Epilogue ü
`;

const refusalOf = async (text: string | Buffer, peer = PLAIN_PEER) => {
  const message = Buffer.isBuffer(text) ? text : Buffer.from(crlf(text));
  const submission = submissionOf(message);
  const result = await composeOf(message).render(submission, deliveryOf(submission))(peer);
  return 'refusal' in result ? `${result.refusal.status} ${result.refusal.class}` : 'letter';
};

describe('to a peer without 8BITMIME', () => {
  test('every part reads the same afterwards, and the signatures are over what is sent', async () => {
    const before = await simpleParser(Buffer.from(crlf(mixed)));
    const { bytes, eightBit } = await renderOf(mixed, PLAIN_PEER);
    expect(eightBit).toBe(false);
    expect(bytes.every((byte) => byte < 128)).toBe(true);
    const after = await simpleParser(bytes);
    expect(after.subject).toBe('Gruß');
    expect(after.text).toBe(before.text);
    expect(after.html).toBe(before.html);
    expect(after.attachments).toHaveLength(before.attachments.length);
    expect(after.attachments[0]?.filename).toBe('Räume.bin');
    expect(after.attachments[0]?.content.toString()).toBe('\u00ffbin\u00fe');
    expect((await verify(bytes)).map((one) => one.result)).toEqual(['pass', 'pass']);
  });

  test('parts that are 7-bit already stay to the byte, and no line is over 76 columns in the others', async () => {
    const text = (await renderOf(mixed, PLAIN_PEER)).bytes.toString();
    expect(text).toContain(
      '--b 1\r\nContent-Type: text/plain\r\n\r\nascii  stays = as it is\t\r\n--b 1 \t\r\n',
    );
    expect(text).toContain('Content-Transfer-Encoding: 7bit\r\n');
    const body = text.slice(text.indexOf('\r\n\r\n'));
    expect(body.split('\r\n').filter((line) => line.length > 76)).toEqual([]);
  });

  test('a plain message gets the MIME fields that its new encoding needs', async () => {
    const { bytes } = await renderOf('From: a@shop.example\nSubject: x\n\nGrüße\n', PLAIN_PEER);
    const parsed = await simpleParser(bytes);
    expect(parsed.text?.trim()).toBe('Grüße');
    expect(parsed.headers.get('mime-version')).toBe('1.0');
  });

  test('stray bytes in encoded parts', async () => {
    const quoted = await renderOf(
      `${base}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4 ä\n`,
      PLAIN_PEER,
    );
    expect((await simpleParser(quoted.bytes)).text?.trim()).toBe('ä ä');
  });

  const sealed = [
    ['multipart/signed', 'multipart/signed; boundary=b; protocol="application/pgp-signature"'],
    ['multipart/encrypted', 'multipart/encrypted; boundary=b'],
    ['S/MIME', 'application/pkcs7-mime; smime-type=signed-data'],
    ['old S/MIME', 'APPLICATION/X-PKCS7-MIME'],
  ] as const;
  test.each(sealed)('%s with 8-bit text bounces 5.6.3, at the top and nested', async (_, type) => {
    const part = `Content-Type: ${type}\n\n--b\nContent-Type: text/plain\n\nGrüße\n--b--\n`;
    expect(await refusalOf(base + part)).toBe('5.6.3 unsupported');
    expect(await refusalOf(`${base}Content-Type: multipart/mixed; boundary=o\n\n--o\n${part}--o--\n`)).toBe(
      '5.6.3 unsupported',
    );
    expect(await refusalOf(base + part, USUAL_PEER)).toBe('letter');
  });

  test('signed mail in 7 bits goes as it is beside an 8-bit part', async () => {
    const signed = '--o\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nHi  =\n--b--\n';
    const { bytes } = await renderOf(
      `${base}Content-Type: multipart/mixed; boundary=o\n\n${signed}--o\n\nü\n--o--\n`,
      PLAIN_PEER,
    );
    expect(bytes.toString()).toContain(crlf(signed));
  });

  test.each([
    ['a multipart without its boundary', 'Content-Type: multipart/mixed; boundary=b\n\nü\n'],
    ['a multipart that names none', 'Content-Type: multipart/mixed\n\n--b\n\nü\n'],
    ['an unknown encoding', 'Content-Transfer-Encoding: x-own\n\nü\n'],
    [
      'parts in parts in parts',
      `${Array.from({ length: 30 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}_\n\n--b${n}_\n`).join('')}\nü\n`,
    ],
  ])('%s bounces 5.6.3 when there is 8-bit text in it', async (_, rest) => {
    expect(await refusalOf(base + rest)).toBe('5.6.3 unsupported');
  });
});

describe('raw 8-bit header fields', () => {
  const fields = (text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string | undefined => {
    const bytes = Buffer.from(crlf(text), encoding);
    return sevenBitFields(bytes, scanHeaders(bytes).fields)?.toString('latin1');
  };
  const b = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;

  test.each([
    ['a subject', 'Subject: Re: Gruß aus Köln now\n', `Subject: Re: ${b('Gruß')} aus ${b('Köln')} now\r\n`],
    ['neighbouring words', 'Subject: über Köln\n', `Subject: ${b('über Köln')}\r\n`],
    [
      'words that are encoded already',
      'Subject: ü =?utf-8?Q?x?= a\n',
      `Subject: ${b('ü')} =?utf-8?Q?x?= a\r\n`,
    ],
    ['a name', 'From: Jörg Müller <a@b.example>\n', `From: ${b('Jörg Müller')} <a@b.example>\r\n`],
    ['a quoted name', 'From: "Müller, Jörg"<a@b.example>\n', `From: ${b('Müller, Jörg')} <a@b.example>\r\n`],
    [
      'one of several names',
      'To: "Doe, J" <a@b.example>, Ö <c@d.example>\n',
      `To: "Doe, J" <a@b.example>, ${b('Ö')} <c@d.example>\r\n`,
    ],
    ['a comment', 'To: a@b.example (Jörg)\n', `To: a@b.example (${b('Jörg')})\r\n`],
    [
      'a group',
      'To: Käufer: a@b.example, c@d.example;\n',
      `To: ${b('Käufer')}: a@b.example, c@d.example;\r\n`,
    ],
    ['a domain', 'To: Ann <a@bücher.example>\n', 'To: Ann <a@xn--bcher-kva.example>\r\n'],
    ['a bare address', 'To: a@bücher.example, b@c.example\n', 'To: a@xn--bcher-kva.example, b@c.example\r\n'],
    [
      'a file name',
      'Content-Disposition: attachment; filename="Räume.pdf"\n',
      "Content-Disposition: attachment; filename*=utf-8''R%C3%A4ume.pdf\r\n",
    ],
    ['a trace', 'Received: from köln by b; x\n', 'Received: from k?ln by b; x\r\n'],
  ])('%s', (_, text, want) => expect(fields(text)).toBe(want));

  test('Windows-1252 is understood', () =>
    expect(fields('Subject: Gr\xfc\xdfe\n', 'latin1')).toBe(`Subject: ${b('Grüße')}\r\n`));

  test('long ones are folded, no character cut in two', () => {
    const text = 'ä€😀 '.repeat(40).trim();
    const line = fields(`Subject: ${text}\n`) ?? '';
    expect(line.split('\r\n').filter((one) => one.length > 78)).toEqual([]);
    const read = [...line.matchAll(/=\?utf-8\?B\?([^?]*)\?=/g)].map((match) =>
      Buffer.from(match[1] ?? '', 'base64').toString(),
    );
    expect(read.join('')).toBe(text);
  });

  test('other fields stay to the byte', () => {
    expect(fields('subject :  a\n  b \nX-Y: ü\n')).toBe(`subject :  a\r\n  b \r\nX-Y: ${b('ü')}\r\n`);
  });

  test.each([
    'From: Jörg <jörg@b.example>\n',
    'From: jörg@b.example\n',
    'To: "jörg"@b.example\n',
    'Message-ID: <ü@b>\n',
    'References: <ü@b>\n',
  ])('%j cannot be written in 7 bits', async (text) => {
    expect(fields(text)).toBeUndefined();
    expect(await refusalOf(`${text}\nHi\n`, USUAL_PEER)).toBe('5.6.7 unsupported');
    const letter = await renderOf(`${text}\nHi\n`, MODERN_PEER);
    expect(letter.smtputf8).toBe(true);
  });

  test('stay raw for a client and a peer that both speak SMTPUTF8, and are encoded for others', async () => {
    const text = 'From: Jörg <a@shop.example>\nSubject: Grüße\n\nHi\n';
    const raw = await renderOf(text, MODERN_PEER, { smtputf8: true });
    expect(raw.smtputf8).toBe(true);
    expect(raw.bytes.toString()).toContain('\r\nSubject: Grüße\r\n');
    expect((await verify(raw.bytes)).map((one) => one.result)).toEqual(['pass', 'pass']);
    const encoded = await renderOf(text, USUAL_PEER, { smtputf8: true });
    expect(encoded.smtputf8).toBe(false);
    expect(encoded.bytes.toString()).toContain(`\r\nSubject: ${b('Grüße')}\r\n`);
  });
});

test('random structures never break it, and what comes out is 7-bit', () => {
  const chance = randomFrom(11);
  const pieces = [
    '--b',
    '--b--',
    '\r\n',
    '\r\n\r\n',
    'ü',
    '\xff',
    'Content-Type: multipart/mixed; boundary=b',
    'Content-Type: message/rfc822',
    'Content-Type: text/html',
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: 8bit',
    'X: "ü',
    ' ',
    '=',
    ':',
    '"',
    '<',
    '(',
    '\\',
  ];
  for (let round = 0; round < rounds(2000); round++) {
    const random = (count: number): string =>
      Array.from({ length: count }, () => pieces[chance(pieces.length)]).join('');
    const block = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\nTo: ${random(5)}\r\n`, 'latin1');
    const done = sevenBitBody(block, Buffer.from(`--b\r\n${random(25)}`, 'latin1'));
    if ('body' in done) expect(done.body.every((byte) => byte < 128)).toBe(true);
    const header = sevenBitFields(block, scanHeaders(block).fields);
    if (header) expect(header.every((byte) => byte < 128)).toBe(true);
  }
});
