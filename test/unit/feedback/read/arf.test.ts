// Complaints (RFC 5965), and what Yahoo, Microsoft, Comcast and others send.
import { describe, expect, test } from 'vitest';
import { readReport } from '../../../../src/feedback/read/read-report.ts';

const COPY = [
  'Message-ID: <1@shop.example>',
  'List-Unsubscribe: <https://shop.example/u>',
  'Return-Path: <b-1@bounces.shop.example>',
  'To: ann@dest.example',
  'Subject: Offer',
];

const complaint = (
  fields: readonly string[],
  copy: readonly string[] = COPY,
  type = 'message/rfc822',
): Buffer =>
  Buffer.from(
    [
      'From: fbl@provider.example',
      'To: complaints@bounces.shop.example',
      'Subject: FW: Offer',
      'Content-Type: multipart/report; report-type=feedback-report; boundary="b"',
      '',
      '--b',
      '',
      'This is an email abuse report.',
      '--b',
      'Content-Type: message/feedback-report',
      '',
      ...fields,
      '--b',
      `Content-Type: ${type}`,
      '',
      ...copy,
      '',
      'Hello',
      '--b--',
      '',
    ].join('\r\n'),
  );

const ABUSE = ['Feedback-Type: abuse', 'User-Agent: Some-FBL/1.0', 'Version: 1'];

describe('a complaint', () => {
  test.each<[string, Buffer, readonly string[]]>([
    [
      'that names the recipient',
      complaint([...ABUSE, 'Original-Rcpt-To: <bob@dest.example>']),
      ['bob@dest.example'],
    ],
    ['that leaves it to the copy', complaint(ABUSE), ['ann@dest.example']],
    [
      'of several',
      complaint([...ABUSE, 'Original-Rcpt-To: a@dest.example', 'Original-Rcpt-To: b@dest.example']),
      ['a@dest.example', 'b@dest.example'],
    ],
    [
      'of Comcast, with the recipient blacked out',
      complaint(ABUSE, ['Message-ID: <1@shop.example>', 'To: undisclosed@redacted']),
      [],
    ],
    [
      'with a hashed recipient',
      complaint([...ABUSE, 'Original-Rcpt-To: 0123456789abcdef0123456789abcdef@dest.example'], ['X: y']),
      [],
    ],
    ['with headers only', complaint(ABUSE, COPY, 'text/rfc822-headers'), ['ann@dest.example']],
    [
      'with Removal-Recipient',
      complaint([...ABUSE, 'Removal-Recipient: rfc822; bob@dest.example']),
      ['bob@dest.example'],
    ],
  ])('%s', (_, bytes, recipients) => {
    expect(readReport(bytes)).toMatchObject({
      kind: 'complaint',
      complaint: { type: 'abuse', isAgainst: true, recipients },
    });
  });

  test('brings what the message was', () => {
    expect(readReport(complaint(ABUSE))).toMatchObject({
      original: {
        messageId: '<1@shop.example>',
        listUnsubscribe: '<https://shop.example/u>',
        returnPath: 'b-1@bounces.shop.example',
      },
      complaint: { userAgent: 'Some-FBL/1.0' },
    });
  });

  test.each([
    ['abuse', true],
    ['fraud', true],
    ['virus', true],
    ['other', true],
    ['opt-out', true],
    ['not-spam', false],
    ['auth-failure', false],
  ])('of type %s is against the message: %s', (type, isAgainst) => {
    expect(readReport(complaint([`Feedback-Type: ${type}`]))).toMatchObject({
      complaint: { type, isAgainst },
    });
  });

  test('of Microsoft, without a report', () => {
    const header = ['From: staff@hotmail.example', 'Subject: complaint about message from 192.0.2.1'];
    const body = [
      '--b',
      'Content-Type: message/rfc822',
      '',
      'X-HmXmrOriginalRecipient: ann@dest.example',
      ...COPY,
      '',
      'x',
      '--b--',
    ];
    const bytes = Buffer.from(
      [...header, 'Content-Type: multipart/mixed; boundary=b', '', ...body].join('\r\n'),
    );
    expect(readReport(bytes)).toMatchObject({
      kind: 'complaint',
      complaint: { recipients: ['ann@dest.example'] },
      original: { messageId: '<1@shop.example>' },
    });
  });

  test('of Amazon SES, in JSON', () => {
    const json = JSON.stringify({
      notificationType: 'Complaint',
      complaint: {
        complainedRecipients: [{ emailAddress: 'ann@dest.example' }],
        complaintFeedbackType: 'abuse',
      },
    });
    const bytes = Buffer.from(`From: no-reply@sns.example\r\nSubject: Notification\r\n\r\n${json}\r\n`);
    expect(readReport(bytes)).toMatchObject({
      kind: 'complaint',
      complaint: { recipients: ['ann@dest.example'] },
    });
  });
});

test('a bounce of Amazon SES, in JSON', () => {
  const bounced = {
    emailAddress: 'ann@dest.example',
    status: '5.1.1',
    diagnosticCode: 'smtp; 550 5.1.1 user unknown',
  };
  const json = JSON.stringify({
    notificationType: 'Bounce',
    bounce: { bounceType: 'Permanent', bouncedRecipients: [bounced] },
  });
  const bytes = Buffer.from(
    `From: no-reply@sns.example\r\nSubject: Notification\r\n\r\n${json.replace('"bounce":', '"bou\r\n nce":')}\r\n`,
  );
  expect(readReport(bytes)).toMatchObject({
    kind: 'bounce',
    recipients: [{ address: 'ann@dest.example', reply: { code: 550, status: '5.1.1' } }],
  });
});
