// Signed, encrypted, calendar, TNEF, DSN and null-sender mail keeps its body and, but for what we add, its header.
import { expect, test } from 'vitest';
import { scanHeaders } from '../../../src/mail/headers.ts';
import { crlf, MODERN_PEER, PLAIN_PEER, renderOf, USUAL_PEER } from '../../support/letters.ts';

const kinds = [
  ['S/MIME, opaque', 'application/pkcs7-mime; smime-type=signed-data; name=smime.p7m', 'MIIB  \n\tx=\n\n\n'],
  [
    'S/MIME, clear',
    'multipart/signed; micalg=sha-256; boundary=b',
    '--b\nContent-Type: text/plain\n\nHi \t\n\n--b\n\nMIIB\n--b--\n \n',
  ],
  [
    'PGP',
    'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b',
    '--b\n\nVersion: 1\n--b\n\n-----BEGIN PGP MESSAGE-----\n--b--',
  ],
  ['a calendar', 'text/calendar; method=REQUEST', 'BEGIN:VCALENDAR\nDESCRIPTION:a\n  b\nEND:VCALENDAR\n'],
  ['TNEF', 'application/ms-tnef; name=winmail.dat', 'eJ8+IgAQAAEABA==\n'],
  [
    'a DSN',
    'multipart/report; report-type=delivery-status; boundary=b',
    '--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n',
  ],
] as const;

test.each(kinds)('%s', async (_, type, body) => {
  const fields = crlf(
    `Received: from x by y\nFrom: orders@shop.example\nSUBJECT:  odd\n\tfolds \nBcc: a@b\nContent-Type: ${type}\n`,
  );
  for (const peer of [PLAIN_PEER, USUAL_PEER, MODERN_PEER]) {
    const { bytes, parts } = await renderOf(fields + crlf(`\n${body}`), peer, { from: '' });
    expect(parts[1]).toEqual(Buffer.from(crlf(body)));
    const own = scanHeaders(bytes)
      .fields.filter((field) => field.name !== 'dkim-signature')
      .slice(1);
    expect(own.map((field) => bytes.toString('latin1', field.start, field.end)).join('')).toBe(
      `${fields.replace('Bcc: a@b\r\n', '')}Date: Mon, 02 Mar 2026 10:11:12 +0000\r\nMessage-ID: <01JNQ8Z3E0ABCDEFGHJKMNPQRS@relay.example.net>\r\nMIME-Version: 1.0\r\n`,
    );
  }
});
