// Delivery status notifications (RFC 3464, RFC 6533) as hosts write them, good and bad.
import { describe, expect, test } from 'vitest';
import { judgeRecipient } from '../../../../src/feedback/read/judge.ts';
import { readReport } from '../../../../src/feedback/read/read-report.ts';
import type { Report } from '../../../../src/feedback/read/report.ts';
import { rules } from '../../../support/deliver.ts';

const COPY = [
  'Return-Path: <b-1@bounces.shop.example>',
  'Message-ID: <1@shop.example>',
  'Feedback-ID: 1:shop',
  'List-Unsubscribe: <https://shop.example/u>',
  'To: ann@dest.example',
  'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
];

const report = (groups: readonly string[], type = 'message/delivery-status', text = 'It failed.'): Buffer =>
  Buffer.from(
    [
      'From: MAILER-DAEMON@mx.example.net',
      'To: b-1@bounces.shop.example',
      'Subject: Undelivered Mail Returned to Sender',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      text,
      '--b',
      `Content-Type: ${type}`,
      '',
      ...groups,
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      ...COPY,
      '--b--',
      '',
    ].join('\r\n'),
  );

const MTA = ['Reporting-MTA: dns; mx.example.net', 'Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000', ''];
const ANN = ['Final-Recipient: rfc822; ann@dest.example', 'Action: failed', 'Status: 5.1.1'];

function told(read: Report): string {
  if (read.kind !== 'bounce' && read.kind !== 'delay')
    return 'sort' in read ? `${read.kind} ${read.sort}` : read.kind;
  const each = read.recipients.map(
    (one) =>
      `${one.address} ${one.action} ${one.reply.code} ${one.reply.status ?? '-'} ${judgeRecipient(rules, one).category}`,
  );
  return `${read.kind}: ${each.join(', ')}`;
}

describe('a delivery status', () => {
  test.each<[string, readonly string[], string]>([
    ['that is plain', [...MTA, ...ANN], 'bounce: ann@dest.example failed 554 5.1.1 hard'],
    [
      'with the original recipient first',
      [...MTA, 'Original-Recipient: rfc822;ann+x@shop.example', ...ANN],
      'bounce: ann+x@shop.example failed 554 5.1.1 hard',
    ],
    [
      'whose original recipient is empty or of another type',
      [...MTA, 'Original-Recipient: x400; /g=ann/', ...ANN],
      'bounce: ann@dest.example failed 554 5.1.1 hard',
    ],
    [
      'with a UTF-8 address',
      [...MTA, 'Final-Recipient: utf-8; 用户@例え.example', 'Action: failed', 'Status: 5.1.1'],
      'bounce: 用户@例え.example failed 554 5.1.1 hard',
    ],
    [
      'with an escaped UTF-8 address',
      [...MTA, 'Final-Recipient: utf-8; \\x{7528}\\x{6237}@dest.example', 'Action: failed', 'Status: 5.1.1'],
      'bounce: 用户@dest.example failed 554 5.1.1 hard',
    ],
    [
      'with the original recipient in xtext',
      [...MTA, 'Original-Recipient: rfc822; ann+2Bx+40shop.example', ...ANN],
      'bounce: ann+x@shop.example failed 554 5.1.1 hard',
    ],
    [
      'whose diagnostic is a number of Unix',
      [...MTA, ...ANN.slice(0, 2), 'Status: 5.3.0 (mailbox is full)', 'Diagnostic-Code: X-Unix; 73'],
      'bounce: ann@dest.example failed 554 5.3.0 quota',
    ],
    [
      'whose diagnostic says more than its status',
      [...MTA, ...ANN.slice(0, 2), 'Status: 5.0.0', 'Diagnostic-Code: smtp; 552 5.2.2 Mailbox full'],
      'bounce: ann@dest.example failed 552 5.2.2 quota',
    ],
    [
      'whose diagnostic is folded over many lines with codes',
      [
        ...MTA,
        ...ANN.slice(0, 2),
        'Status: 5.7.1',
        'Diagnostic-Code: smtp; 550-5.7.1 [192.0.2.1] Our system has detected that this message is',
        ' 550-5.7.1 likely unsolicited mail. To reduce the amount of spam',
        ' 550 5.7.1 this message has been blocked.',
      ],
      'bounce: ann@dest.example failed 550 5.7.1 spam',
    ],
    [
      'of several recipients, one of them late',
      [
        ...MTA,
        ...ANN,
        '',
        'Final-Recipient: rfc822; bob@dest.example',
        'Action: delayed',
        'Status: 4.4.1',
        '',
        'Final-Recipient: rfc822; eve@dest.example',
        'Action: delivered',
        'Status: 2.0.0',
      ],
      'bounce: ann@dest.example failed 554 5.1.1 hard, bob@dest.example delayed 451 4.4.1 network',
    ],
    [
      'whose groups have no empty line between them',
      [...MTA, ...ANN, ...ANN.map((line) => line.replace('ann', 'bob'))],
      'bounce: ann@dest.example failed 554 5.1.1 hard, bob@dest.example failed 554 5.1.1 hard',
    ],
    [
      'with empty lines inside a group',
      [...MTA, 'Final-Recipient: rfc822; ann@dest.example', '', 'Action: failed', '', 'Status: 5.1.1', ''],
      'bounce: ann@dest.example failed 554 5.1.1 hard',
    ],
    [
      'of a delay',
      [...MTA, 'Final-Recipient: rfc822; ann@dest.example', 'Action: delayed', 'Status: 4.4.7'],
      'delay: ann@dest.example delayed 451 4.4.7 network',
    ],
    [
      'of a success',
      [...MTA, 'Final-Recipient: rfc822; ann@dest.example', 'Action: delivered', 'Status: 2.0.0'],
      'other delivered',
    ],
    [
      'of a relay',
      [...MTA, 'Final-Recipient: rfc822; ann@dest.example', 'Action: relayed', 'Status: 2.0.0'],
      'other delivered',
    ],
    [
      'of a list',
      [...MTA, 'Final-Recipient: rfc822; ann@dest.example', 'Action: expanded', 'Status: 2.0.0'],
      'other delivered',
    ],
    [
      'without an action',
      [...MTA, 'Final-Recipient: rfc822; ann@dest.example', 'Status: 5.1.1'],
      'bounce: ann@dest.example failed 554 5.1.1 hard',
    ],
    [
      'without an address, which the copy has',
      [...MTA, 'Final-Recipient: rfc822; ann', 'Action: failed', 'Status: 5.1.1'],
      'bounce: ann@dest.example failed 554 5.1.1 hard',
    ],
    [
      'that gave up on a passing error',
      [...MTA, ...ANN.slice(0, 2), 'Status: 4.4.7', 'Diagnostic-Code: smtp; 450 4.2.0 Greylisted'],
      'bounce: ann@dest.example failed 450 4.2.0 greylist',
    ],
  ])('%s', (_, groups, wanted) => expect(told(readReport(report(groups)))).toBe(wanted));

  test.each(['message/global-delivery-status', 'message/xdelivery-status', 'text/delivery-status'])(
    'of type %s',
    (type) => {
      expect(told(readReport(report([...MTA, ...ANN], type)))).toBe(
        'bounce: ann@dest.example failed 554 5.1.1 hard',
      );
    },
  );

  test('says the step, the host and what the message was', () => {
    const groups = [
      ...MTA,
      ...ANN,
      'Remote-MTA: dns; mx.dest.example',
      'Diagnostic-Code: smtp; 550 5.1.1 no',
    ];
    const read = readReport(
      report(
        groups,
        undefined,
        '<ann@dest.example>: host mx said: 550 5.1.1 no (in reply to RCPT TO command)',
      ),
    );
    expect(read).toMatchObject({
      kind: 'bounce',
      recipients: [{ mta: 'mx.dest.example', phase: 'rcpt', reply: { text: 'no' } }],
      by: 'dsn',
    });
  });

  test('in a text is only words: nobody fails by what a person writes', () => {
    const text = ['From: ann@dest.example', 'Subject: look', '', ...MTA, ...ANN].join('\r\n');
    expect(told(readReport(Buffer.from(text)))).toBe('other mail');
  });
});

describe('an unknown user', () => {
  const judged = (reply: { code: number; status?: string; text: string }, phase?: 'rcpt' | 'dot'): string =>
    judgeRecipient(rules, {
      address: 'ann@dest.example',
      action: 'failed',
      reply,
      mta: '',
      ...(phase === undefined ? {} : { phase }),
    }).category;

  test.each([
    ['at RCPT is hard', { code: 550, text: '<a@b.example>: User unknown' }, 'rcpt', 'hard'],
    ['with its own status is hard', { code: 550, status: '5.1.1', text: 'User unknown' }, 'dot', 'hard'],
    ['after DATA may be a filter', { code: 550, text: '<a@b.example>: User unknown' }, 'dot', 'soft'],
    ['as a bare code may be a filter', { code: 550, text: '<a@b.example>: User unknown' }, undefined, 'soft'],
    [
      'with any status is hard',
      { code: 550, status: '5.0.0', text: '<a@b.example>: User unknown' },
      undefined,
      'hard',
    ],
    ['without a name may be a filter', { code: 550, text: ': User unknown' }, 'rcpt', 'soft'],
    [
      'who stayed so until the mail came back is hard',
      { code: 450, status: '4.1.1', text: '<a@b.example>: User unknown' },
      'rcpt',
      'hard',
    ],
  ] as const)('%s', (_, reply, phase, category) => expect(judged(reply, phase)).toBe(category));
});
