// The header a recipient gets: what goes, what comes, and that the rest is the client's to the byte.
import { describe, expect, test } from 'vitest';
import { receivedField, stampFields } from '../../../src/compose/stamp.ts';
import { scanHeaders } from '../../../src/mail/headers.ts';
import { crlf, renderOf, submissionOf } from '../../support/letters.ts';

const stamp = (text: string, more = {}): string => {
  const header = Buffer.from(crlf(text), 'latin1');
  return stampFields(header, scanHeaders(header).fields, submissionOf(header, more)).toString('latin1');
};
const complete = 'Date: x\r\nMessage-ID: <a@b>\r\n';

describe('control fields', () => {
  test('go, folded, repeated and in any case', () => {
    const text = `X-SMTPAPI: {"a":\n "b"}\nFrom: a@b\nbcc: c@d,\n e@f\nBCC: g@h\nx-PostIno-Tag: t\nReturn-Path: <x@y>\nX-MC-Tags : z\nTo: d@e\n`;
    expect(stamp(text + complete)).toBe(`From: a@b\r\nTo: d@e\r\n${complete}`);
  });

  test('that only look like them stay', () => {
    const text = `X-Bcc: a\r\nBccs: b\r\nX-Postinote: c\r\n${complete}`;
    expect(stamp(text)).toBe(text);
  });
});

describe('mail that only passes through', () => {
  test('keeps the fields of vendors byte for byte, and loses ours, Bcc and Return-Path', () => {
    const stays = `X-SES-Outgoing: 2026.07.03-1\r\nX-MC-Tags :\ta\r\nX-SMTPAPI: {\r\n }\r\nIdempotency-Key: a\r\nFrom: a@b\r\n`;
    const goes =
      'X-Postino-Tag: a\r\nx-postino-bypass-suppression:\r\n yes\r\nBcc: c@d\r\nReturn-Path: <x@y>\r\n';
    expect(stamp(goes + stays + complete, { passing: true })).toBe(stays + complete);
    expect(stamp(goes + stays + complete)).toBe(`From: a@b\r\n${complete}`);
  });
});

describe('what a scanner said', () => {
  test('its fields come last, in 7 bits, and its subject in place of all others', () => {
    const scan = {
      verdict: 'marked',
      at: 1,
      add: [
        ['X-Spam', 'Yes'],
        ['X-Note', 'bücher\r\nBcc: a@b'],
      ],
      subject: '[SPÄM] hi',
    };
    const text = `From: a@b\r\nSubject: hi\r\nsubject: two\r\n${complete}`;
    expect(stamp(text, { scan })).toBe(
      `From: a@b\r\nSubject: =?utf-8?B?W1NQw4RNXSBoaQ==?=\r\n${complete}X-Spam: Yes\r\nX-Note: =?utf-8?B?YsO8Y2hlciBCY2M6IGFAYg==?=\r\n`,
    );
    expect(stamp(`From: a@b\r\n${complete}`, { scan: { verdict: 'marked', at: 1, subject: 'x' } })).toBe(
      `From: a@b\r\n${complete}Subject: x\r\n`,
    );
  });

  test('a message that is clean stays as it is', () => {
    const text = `From: a@b\r\n${complete}`;
    expect(stamp(text, { scan: { verdict: 'clean', at: 1, symbols: ['A 1'] } })).toBe(text);
  });
});

describe('the fields of the client', () => {
  test('stay byte for byte: odd spacing, 8-bit bytes, order, duplicates', () => {
    const text = `subject :  a \t\r\n\tb  \r\nX-Odd:\r\nX-Odd: \xff\xa0\r\nFrom: a@b\r\nDATE: yesterday\r\nmessage-id:<c@d>\r\n`;
    expect(stamp(text)).toBe(text);
  });

  test('that are missing are added at the end', () => {
    expect(stamp('From: a@b\n')).toBe(
      'From: a@b\r\nDate: Mon, 02 Mar 2026 10:11:12 +0000\r\nMessage-ID: <01JNQ8Z3E0ABCDEFGHJKMNPQRS@relay.example.net>\r\n',
    );
  });

  test('MIME-Version is added where a MIME field is there, and only there', () => {
    expect(stamp(`Content-Type: text/html\r\n${complete}`)).toContain('\r\nMIME-Version: 1.0\r\n');
    expect(stamp(`Subject: a\r\n${complete}`)).not.toContain('MIME-Version');
    expect(stamp(`Content-Type: text/html\r\nmime-version: 1.0 (x)\r\n${complete}`)).not.toContain(
      'MIME-Version',
    );
  });

  test('a header that ends inside its last field gets a line end', () => {
    expect(stamp(`${complete}Subject: a`)).toBe(`${complete}Subject: a\r\n`);
  });
});

describe('a rewritten From', () => {
  const rewrite = { from: 'Visitor via Shop <no-reply@shop.example>', replyTo: 'v@mail.example' };

  test('takes the place of the old one, and Reply-To is added', () => {
    expect(stamp(`From: v@mail.example\r\nTo: a@b\r\n${complete}`, { rewrite })).toBe(
      `From: Visitor via Shop <no-reply@shop.example>\r\nTo: a@b\r\n${complete}Reply-To: v@mail.example\r\n`,
    );
  });

  test('leaves one From and one Reply-To', () => {
    const text = stamp(`From: a@b\r\nFROM: c@d\r\nReply-To: e@f\r\nreply-to: g@h\r\n${complete}`, {
      rewrite,
    });
    expect(text.match(/^from:/gim)).toHaveLength(1);
    expect(text.match(/^reply-to: v@mail.example/gim)).toHaveLength(1);
  });

  test('encodes a name over ASCII and lets no line through', () => {
    const odd = { from: 'Jörg\r\nBcc: x@y <no-reply@shop.example>' };
    const text = stamp(`From: v@mail.example\r\n${complete}`, { rewrite: odd });
    expect(text).toMatch(/^From: =\?utf-8\?B\?\S+\?=\s+<no-reply@shop.example>\r\n/);
    expect(text).not.toMatch(/^Bcc/im);
  });
});

describe('our Received field', () => {
  const received = (more: object) => {
    const message = Buffer.from('From: a@b\r\n\r\n');
    const base = submissionOf(message);
    const submission = { ...base, received: { ...base.received, ...more } };
    return receivedField(submission, 'relay.example.net').toString();
  };

  test('says from whom, how, under which id and when, without "for"', () => {
    expect(received({})).toBe(
      'Received: from web1.shop.example ([192.0.2.7])\r\n by relay.example.net (Postino) with ESMTPSA id 01JNQ8Z3E0ABCDEFGHJKMNPQRS;\r\n Mon, 02 Mar 2026 10:11:12 +0000\r\n',
    );
  });

  test('names the cipher as RFC 8314 does', () => {
    expect(received({ tls: 'TLSv1.3 TLS_AES_256_GCM_SHA384' })).toContain(
      '\r\n tls TLS_AES_256_GCM_SHA384;\r\n',
    );
  });

  test.each([
    ['web"1\r\nX: y', 'from web1X:y ('],
    ['', 'from unknown ('],
    ['[192.0.2.7]', 'from [192.0.2.7] ('],
  ])('makes the name %j safe', (helo, want) => expect(received({ helo })).toContain(want));

  test('writes IPv6 as a literal', () => {
    expect(received({ address: '2001:db8::7' })).toContain('([IPv6:2001:db8::7])');
  });

  test('comes first, before signatures and the traces of others', async () => {
    const { bytes } = await renderOf('Received: from old\nFrom: a@shop.example\n\nHi\n');
    const names = scanHeaders(bytes).fields.map((field) => field.name);
    expect(names.slice(0, 4)).toEqual(['received', 'dkim-signature', 'dkim-signature', 'received']);
  });
});

test('a message without an empty line still has one between header and body', async () => {
  const { bytes } = await renderOf('From: a@shop.example\nthis is no field\n');
  expect(bytes.toString()).toMatch(/\r\n\r\nthis is no field\r\n$/);
});
