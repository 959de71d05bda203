// DSNs: who gets one, what they say to people and to programs, and that strangers' text cannot break them.
import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { wantsReport, writeReport, type Failure } from '../../../src/compose/report.ts';
import { advice } from '../../../src/compose/advice.ts';
import { scanHeaders, valueOf } from '../../../src/mail/headers.ts';
import type { Cause, Via } from '../../../src/model/outcome.ts';
import { AT, crlf, deliveryOf, submissionOf } from '../../support/letters.ts';

const message = Buffer.from(
  crlf(
    'From: orders@shop.example\nTo: ann@mail.example\nBcc: boss@shop.example\nX-Postino-Tag: t\nSubject: Your order\nMessage-ID: <17@shop.example>\n\nThank you, Ann.\n',
  ),
);
const cause: Cause = {
  phase: 'rcpt',
  class: 'bad-mailbox',
  detail: 'The mailbox does not exist.',
  status: '5.1.1',
  reply: { code: 550, status: '5.1.1', text: 'No such user here' },
};
const via: Via = {
  transport: 'ip1',
  site: 'mail.example',
  host: 'mx1.mail.example',
  address: '192.0.2.25:25',
  localAddress: '192.0.2.10',
  ehlo: 'mx1.example.net',
  ms: 12,
};
const submission = submissionOf(message, { messageId: '<17@shop.example>', envid: 'QQ+2B1' });
const failure = (more: Partial<Failure> = {}): Failure => ({
  submission,
  delivery: deliveryOf(submission, {
    recipient: { address: 'ann@mail.example', orcpt: 'rfc822;Ann@mail.example' },
  }),
  cause,
  via,
  hostname: 'relay.example.net',
  header: message.subarray(0, submission.headerSize),
  at: AT + 60_000,
  id: '01JNQ900000000000000000000',
  ...more,
});
const partsOf = (report: Buffer): readonly string[] =>
  report.toString().split('\r\n--=_01JNQ900000000000000000000').slice(1);

describe('who wants a report', () => {
  test.each([
    ['a failure by default', {}, undefined, 'failed', true],
    ['no delay by default', {}, undefined, 'delayed', false],
    ['no success by default', {}, undefined, 'delivered', false],
    ['never for the null sender', { from: '' }, ['FAILURE'], 'failed', false],
    ['NOTIFY=NEVER', {}, ['NEVER'], 'failed', false],
    ['NOTIFY=SUCCESS: no failure', {}, ['SUCCESS'], 'failed', false],
    ['NOTIFY=SUCCESS', {}, ['SUCCESS'], 'delivered', true],
    ['NOTIFY=DELAY,FAILURE', {}, ['DELAY', 'FAILURE'], 'delayed', true],
  ] as const)('%s', (_, more, notify, kind, want) => {
    const recipient = { address: 'a@b.example', ...(notify && { notify: [...notify] }) };
    expect(wantsReport({ ...submission, ...more }, deliveryOf(submission, { recipient }), kind)).toBe(want);
  });
});

describe('a report', () => {
  test('is addressed, dated and marked as automatic', () => {
    const report = writeReport(failure());
    const block = scanHeaders(report);
    const fields = Object.fromEntries(block.fields.map((field) => [field.name, valueOf(report, field)]));
    expect(fields).toEqual({
      from: 'Mail Delivery System <MAILER-DAEMON@relay.example.net>',
      to: 'bounce@shop.example',
      subject: 'Not delivered: Your order',
      date: 'Mon, 02 Mar 2026 10:12:12 +0000',
      'message-id': '<01JNQ900000000000000000000@relay.example.net>',
      references: '<17@shop.example>',
      'auto-submitted': 'auto-replied',
      'mime-version': '1.0',
      'content-type':
        'multipart/report; report-type=delivery-status; boundary="=_01JNQ900000000000000000000"',
    });
  });

  test('tells people what, who, why and what to do', async () => {
    const { text } = await simpleParser(writeReport(failure()));
    for (const want of [
      'ann@mail.example',
      'Your order',
      'Mon, 02 Mar 2026 10:11:12',
      'The server mx1.mail.example said:',
      '550 5.1.1 No such user here',
      advice['bad-mailbox'],
    ])
      expect(text).toContain(want);
  });

  test('tells programs the same (RFC 3464)', () => {
    const status = partsOf(writeReport(failure()))[1];
    expect(status).toBe(
      crlf(`
Content-Type: message/delivery-status

Original-Envelope-Id: QQ+1
Reporting-MTA: dns; relay.example.net
Arrival-Date: Mon, 02 Mar 2026 10:11:12 +0000

Original-Recipient: rfc822; Ann@mail.example
Final-Recipient: rfc822; ann@mail.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx1.mail.example
Diagnostic-Code: smtp; 550 5.1.1 No such user here
Last-Attempt-Date: Mon, 02 Mar 2026 10:12:12 +0000
`),
    );
  });

  test('names no remote server where none answered', () => {
    const { via: _, ...rest } = failure({
      cause: { phase: 'dns', class: 'expired', status: '4.4.7', detail: 'No server answered for 3 days.' },
    });
    const status = partsOf(writeReport(rest))[1];
    expect(status).toContain('Diagnostic-Code: x-postino; No server answered for 3 days.');
    expect(status).toContain('Status: 4.4.7');
    expect(status).not.toContain('Remote-MTA');
  });

  test('returns the header without Bcc and control fields', () => {
    const original = partsOf(writeReport(failure({ body: message.subarray(submission.headerSize) })))[2];
    expect(original).toContain('Content-Type: text/rfc822-headers');
    expect(original).toContain('Subject: Your order');
    expect(original).not.toMatch(/boss|X-Postino|Thank you/);
  });

  test('returns a small message whole when RET=FULL asks for it', () => {
    const body = message.subarray(submission.headerSize);
    const full = { ...submission, ret: 'FULL' as const };
    const original = partsOf(writeReport(failure({ submission: full, body })))[2];
    expect(original).toContain('Content-Type: message/rfc822');
    expect(original).toContain('\r\n\r\nThank you, Ann.\r\n');
    expect(original).not.toMatch(/boss|X-Postino/);
  });

  test.each([
    ['too large', Buffer.alloc(70_000, 'a\r\n')],
    ['with a line that is too long', Buffer.alloc(1200, 'a')],
  ])('returns only the header of a message that is %s', (_, body) => {
    const report = writeReport(failure({ submission: { ...submission, ret: 'FULL' }, body }));
    expect(partsOf(report)[2]).toContain('text/rfc822-headers');
    expect(report.length).toBeLessThan(8000);
  });

  test('is 7-bit whatever the original holds', async () => {
    const header = Buffer.from(
      crlf('From: Jörg <j@shop.example>\nSubject: Grüße\nContent-Type: text/plain; charset=utf-8\n\n'),
    );
    const body = Buffer.from('Grüße\r\n');
    const subject = 'Grüße';
    for (const ret of ['FULL', 'HDRS'] as const) {
      const report = writeReport(failure({ submission: { ...submission, subject, ret }, header, body }));
      expect(report.every((byte) => byte < 128)).toBe(true);
      expect((await simpleParser(report)).subject).toBe('Not delivered: Grüße');
      expect(
        report
          .toString()
          .split('\r\n')
          .every((line) => line.length <= 998),
      ).toBe(true);
    }
  });

  test('a recipient over ASCII is written as RFC 6533 says', () => {
    const recipient = { address: 'jörg@bücher.example' };
    const status = partsOf(writeReport(failure({ delivery: deliveryOf(submission, { recipient }) })))[1];
    expect(status).toContain('Final-Recipient: utf-8; j\\x{F6}rg@b\\x{FC}cher.example');
  });

  test('strangers’ line ends, control characters and boundaries stay inside their field', () => {
    const evil = `x\r\nAction: delivered\r\n\r\n--=_01JNQ900000000000000000000--\u0007\u001b[31m${' y'.repeat(3000)}`;
    const report = writeReport(
      failure({
        submission: { ...submission, subject: evil, messageId: evil, envid: evil },
        delivery: deliveryOf(submission, { recipient: { address: `a${evil}@b`, orcpt: `rfc822;${evil}` } }),
        cause: { ...cause, detail: evil, reply: { code: 550, status: '5.1.1', text: evil } },
        via: { ...via, host: evil },
        to: `x@y.example\r\nBcc: z@y.example`,
      }),
    );
    const text = report.toString();
    expect(text.match(/^Action: /gm)).toHaveLength(1);
    expect(text.match(/^--=_01JNQ900000000000000000000--$/gm)).toHaveLength(1);
    expect(text).not.toMatch(/^Bcc/m);
    expect(text).not.toMatch(/[^\r\n -~]/);
    expect(text.split('\r\n').every((line) => line.length <= 998)).toBe(true);
  });

  test('a status that cannot stand for a failure is replaced', () => {
    const odd = { ...cause, status: 'x', reply: { code: 550, status: '2.0.0', text: 'no' } };
    expect(partsOf(writeReport(failure({ cause: odd })))[1]).toContain('Status: 5.0.0');
  });

  test('the same failure gives the same bytes', () => {
    expect(writeReport(failure()).equals(writeReport(failure()))).toBe(true);
  });
});
