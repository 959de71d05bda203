// Notices in words as mail systems write them, made up after their formats: who failed, and what it comes to.
import { describe, expect, test } from 'vitest';
import { judgeRecipient } from '../../../../src/feedback/read/judge.ts';
import { readReport } from '../../../../src/feedback/read/read-report.ts';
import { rules } from '../../../support/deliver.ts';

const RETURNED = [
  'Return-Path: <sender@shop.example>',
  'Received: from shop.example by mx.example.net; Thu, 1 Jan 2026 10:00:00 +0000',
  'Message-ID: <1@shop.example>',
  'From: Shop <sender@shop.example>',
  'To: ann@dest.example',
  'Subject: Your order',
];

type Notice = Readonly<{
  from?: string;
  subject?: string;
  header?: readonly string[];
  body: readonly string[];
}>;

const message = ({ from, subject, header, body }: Notice): Buffer =>
  Buffer.from(
    [
      'Return-Path: <>',
      `From: ${from ?? 'Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>'}`,
      'To: sender@shop.example',
      `Subject: ${subject ?? 'failure notice'}`,
      ...(header ?? []),
      '',
      ...body,
      '',
    ].join('\r\n'),
  );

function outcome(notice: Notice): string {
  const report = readReport(message(notice));
  if (report.kind !== 'bounce' && report.kind !== 'delay') return report.kind;
  const told = report.recipients.map((one) => `${one.address} ${judgeRecipient(rules, one).category}`);
  return `${report.kind}: ${told.join(', ')}`;
}

describe('a notice', () => {
  test.each<[string, Notice, string]>([
    [
      'of qmail',
      {
        body: [
          'Hi. This is the qmail-send program at mx.example.net.',
          "I'm afraid I wasn't able to deliver your message to the following addresses.",
          "This is a permanent error; I've given up. Sorry it didn't work out.",
          '',
          '<ann@dest.example>:',
          '192.0.2.1 does not like recipient.',
          'Remote host said: 550 5.1.1 User unknown',
          'Giving up on 192.0.2.1.',
          '',
          '<bob@dest.example>:',
          '192.0.2.1 failed after I sent the message.',
          'Remote host said: 554 5.7.1 Spam message rejected',
          '',
          '--- Below this line is a copy of the message.',
          '',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard, bob@dest.example spam',
    ],
    [
      'of qmail, in the language of the operator',
      {
        body: [
          'Ciao. Sono il programma di posta di mx.example.net.',
          'Non è stato possibile consegnare il messaggio agli indirizzi seguenti.',
          '',
          '<ann@dest.example>:',
          'Spiacente, non esiste una casella con questo nome. (#5.1.1)',
          '',
          '--- Qui sotto si trova una copia del messaggio.',
          '',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of Exim without fields for the recipient',
      {
        from: 'Mail Delivery System <Mailer-Daemon@mx.example.net>',
        subject: 'Mail delivery failed: returning message to sender',
        header: ['Auto-Submitted: auto-replied'],
        body: [
          'This message was created automatically by mail delivery software.',
          '',
          'A message that you sent could not be delivered to one or more of its',
          'recipients. This is a permanent error. The following address(es) failed:',
          '',
          '  ann@dest.example',
          '    SMTP error from remote mail server after RCPT TO:<ann@dest.example>:',
          '    host mx.dest.example [192.0.2.1]: 550 No such user here',
          '  bob@dest.example',
          '    SMTP error from remote mail server after end of data:',
          '    host mx.dest.example [192.0.2.1]: 552 5.2.2 Mailbox full',
          '',
          '------ This is a copy of the message, including all the headers. ------',
          '',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard, bob@dest.example quota',
    ],
    [
      'of Exim about a delay',
      {
        subject: 'Warning: message 1abcde-000000-AA delayed 24 hours',
        body: [
          'A message that you sent has not yet been delivered to one or more of its',
          'recipients after more than 24 hours on the queue on mx.example.net.',
          '',
          'The address to which the message has not yet been delivered is:',
          '',
          '  ann@dest.example',
          '    Delay reason: Connection timed out',
          '',
          'No action is required on your part. Delivery attempts will continue for',
          'some time, and this warning may be repeated at intervals.',
        ],
      },
      'delay: ann@dest.example network',
    ],
    [
      'of an old Sendmail',
      {
        subject: 'Returned mail: Host unknown (Name server: dest.example: host not found)',
        body: [
          '   ----- The following addresses had permanent fatal errors -----',
          '<ann@dest.example>',
          '',
          '   ----- Transcript of session follows -----',
          '550 <ann@dest.example>... Host unknown (Name server: dest.example: host not found)',
          '',
          '   ----- Original message follows -----',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of Sendmail about a delay',
      {
        subject: 'Warning: could not send message for past 4 hours',
        body: [
          '    **********************************************',
          '    **      THIS IS A WARNING MESSAGE ONLY      **',
          '    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **',
          '    **********************************************',
          '',
          '   ----- The following addresses had transient non-fatal errors -----',
          '<ann@dest.example>',
          '',
          '   ----- Transcript of session follows -----',
          '<ann@dest.example>... Deferred: Connection timed out with mx.dest.example.',
          'Warning: message still undelivered after 4 hours',
          'Will keep trying until message is 5 days old',
        ],
      },
      'delay: ann@dest.example network',
    ],
    [
      'of an old Postfix',
      {
        subject: 'Undelivered Mail Returned to Sender',
        body: [
          'This is the Postfix program at host mx.example.net.',
          '',
          '\t\t\tThe Postfix program',
          '',
          '<ann@dest.example>: host mx.dest.example[192.0.2.1] said: 550',
          '    <ann@dest.example>: User unknown in local recipient table (in reply to RCPT',
          '    TO command)',
          '',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of Exchange 5.5, with an X.400 address',
      {
        from: 'System Administrator <postmaster@dest.example>',
        subject: 'Undeliverable: Your order',
        body: [
          'Your message',
          '',
          '  To:      list@shop.example',
          '  Subject: Your order',
          '  Sent:    Fri, 4 Oct 2002 17:10:56 -0400',
          '',
          'did not reach the following recipient(s):',
          '',
          'c=US;a= ;p=DEST;o=Site;dda:SMTP=ann@dest.example; on Fri, 4 Oct 2002',
          '17:12:28 -0400',
          '    The recipient name is not recognized',
          '    MSEXCH:IMS:DEST:Site:HOST 0 (000C05A6) Unknown Recipient',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of Exchange, as HTML alone',
      {
        from: 'postmaster@dest.example',
        subject: 'Undeliverable: Your order',
        header: ['Content-Type: text/html; charset=utf-8'],
        body: [
          '<html><body><p><b>Delivery has failed to these recipients or groups:</b></p>',
          '<p><a href="mailto:ann@dest.example">ann@dest.example</a><br>',
          'The email address you entered couldn&#39;t be found.</p>',
          '<p>Remote Server returned &#39;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found&#39;</p>',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of Domino',
      {
        from: 'postmaster@dest.example',
        subject: 'DELIVERY FAILURE: User ann (ann@dest.example) not listed in Domino Directory',
        body: [
          'Your message',
          '',
          '  Subject: Your order',
          '',
          'was not delivered to:',
          '',
          '  ann@dest.example',
          '',
          'because:',
          '',
          '  User ann (ann@dest.example) not listed in Domino Directory',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of GroupWise',
      {
        from: 'Mailer-Daemon@dest.example',
        subject: 'Message status - undeliverable',
        body: [
          'The message that you sent was undeliverable to the following:',
          '\tann@dest.example (550 user not found)',
          '\tbob@dest.example (mailbox is full)',
          '',
          'Possibly truncated original message follows:',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard, bob@dest.example quota',
    ],
    [
      'of Yahoo',
      {
        from: 'MAILER-DAEMON@yahoo.example',
        subject: 'Failure Notice',
        body: [
          'Sorry, we were unable to deliver your message to the following address.',
          '',
          '<ann@dest.example>:',
          "554: delivery error: dd This user doesn't have a dest.example account (ann@dest.example) [0]",
          '',
          '--- Below this line is a copy of the message.',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of mail.ru',
      {
        header: ['X-Failed-Recipients: ann@dest.example', 'Content-Type: text/plain; charset=utf-8'],
        subject:
          '=?UTF-8?B?0JLQsNGI0LUg0YHQvtC+0LHRidC10L3QuNC1INC90LUg0LTQvtGB0YLQsNCy0LvQtdC90L4=?=. Mail failure.',
        body: [
          'Это письмо создано автоматически сервером Mail.Ru, отвечать на него не нужно.',
          '',
          '  ann@dest.example',
          '    SMTP error from remote mail server after RCPT TO:<ann@dest.example>:',
          '    host mx.dest.example [192.0.2.12]: 550 5.2.2 <ann@dest.example>... Mailbox Full',
        ],
      },
      'bounce: ann@dest.example quota',
    ],
    [
      'of Mimecast',
      {
        from: '"postmaster" <postmaster@gw.example>',
        subject: '[Postmaster] Email Delivery Failure',
        body: [
          'An email that you attempted to send to the following address could not be delivered:',
          '-- ann@dest.example',
          '',
          'The problem appears to be :',
          '-- Recipient email address is possibly incorrect',
          '',
          'Additional information follows :',
          '-- 5.1.1 User unknown',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of Postini and others that list errors',
      {
        from: 'Postini Mail Delivery <postmaster@gw.example>',
        subject: 'Mail delivery failed',
        body: [
          'We had trouble delivering your message. Full details follow:',
          '',
          "Subject: 'Your order'",
          '1 error(s):',
          '',
          'SMTP Server <mx.dest.example> rejected recipient <ann@dest.example>',
          '  (Error following RCPT command). It responded as follows: [550 5.1.1 <ann@dest.example>... User Unknown]',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of MailFoundry',
      {
        subject: 'Message delivery has failed',
        body: [
          'Unable to deliver message to: <ann@dest.example>',
          'Delivery failed for the following reason:',
          'Server mx.dest.example[192.0.2.2] failed with: 550 5.1.1 <ann@dest.example> No such user here',
          '',
          'This has been a permanent failure.  No further delivery attempts will be made.',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of IMail',
      {
        from: '"Postmaster" <postmaster@mx.example.net>',
        subject: 'Undeliverable Mail',
        header: ['X-Mailer: <SMTP32 v8.15>'],
        body: [
          'User mailbox exceeds allowed size: ann@dest.example',
          '',
          'Original message follows.',
          '',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example quota',
    ],
    [
      'of MDaemon',
      {
        from: 'MDaemon@mx.example.net',
        subject: 'Permanent Delivery Failure',
        body: [
          'The attached message had PERMANENT fatal delivery errors!',
          '',
          'YOUR MESSAGE WAS NOT DELIVERED!',
          'The following addresses did NOT receive a copy of your message:',
          '',
          '> ann@dest.example',
          '',
          '--- Session Transcript ---',
          ' Rcpt To:<ann@dest.example>',
          ' 550 <ann@dest.example>, Recipient unknown',
          '--- End Transcript ---',
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of MailEnable',
      {
        from: 'POSTMASTER@mx.example.net',
        subject: 'Message Delivery Failure',
        body: [
          'MailEnable: Message could not be delivered to some recipients.',
          'The following recipient(s) could not be reached:',
          '',
          '\tRecipient: [SMTP:ann@dest.example]',
          '\tReason: Remote SMTP Server Returned: 550 5.1.1 no such user',
          '',
          'Message headers follow:',
          ...RETURNED,
        ],
      },
      'bounce: ann@dest.example hard',
    ],
    [
      'of a Japanese carrier',
      {
        from: 'Postmaster@carrier.example',
        subject: '=?iso-2022-jp?B?GyRCJSglaSE8JWEhPCVrGyhC?=',
        header: ['Content-Type: text/plain; charset=UTF-8'],
        body: [
          '次のあて先へのメッセージはエラーのため送信できませんでした。',
          'Your mail could not be delivered to: <ann@carrier.example>',
          '     As their mailbox is full.',
        ],
      },
      'bounce: ann@carrier.example quota',
    ],
    [
      'that names nobody, and brings the message',
      {
        subject: 'Mail could not be delivered',
        header: ['Content-Type: multipart/mixed; boundary="b"'],
        body: [
          '--b',
          'Content-Type: text/plain',
          '',
          'The following mail could not be delivered.',
          'Reason: Exceeded Maximum Delivery Attempts.',
          '--b',
          'Content-Type: message/rfc822',
          '',
          ...RETURNED,
          '',
          'Hello',
          '--b--',
        ],
      },
      'bounce: ann@dest.example network',
    ],
    [
      'about whoever sent it',
      {
        body: [
          "I'm afraid I wasn't able to deliver your message to the following addresses.",
          '',
          '<sender@shop.example>:',
          'Remote host said: 552 Error: disk quota exceeded',
        ],
      },
      'bounce: sender@shop.example quota',
    ],
  ])('%s', (_, notice, wanted) => expect(outcome(notice)).toBe(wanted));
});

describe('a report in an unusual place', () => {
  const group = [
    'Final-Recipient: rfc822; ann@dest.example',
    'Action: failed',
    'Diagnostic-Code: smtp; 550 5.1.1 no',
  ];
  const status = [
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx',
    '',
    ...group,
    'Status: 5.1.1',
  ];

  test('as text, by a mail system', () => {
    const body = ['An error occurred.', 'Technical report:', '', ...group, ''];
    expect(outcome({ body })).toBe('bounce: ann@dest.example hard');
  });

  test('inside a report of a gateway', () => {
    const inner = [
      'Subject: failure notice',
      'Content-Type: multipart/report; boundary=i',
      '',
      '--i',
      ...status,
      '--i--',
    ];
    const header = ['Content-Type: multipart/mixed; boundary=o'];
    const body = ['--o', '', 'Returned mail', '--o', 'Content-Type: message/rfc822', '', ...inner, '--o--'];
    expect(outcome({ header, body })).toBe('bounce: ann@dest.example hard');
  });

  test('inside other multiparts', () => {
    const header = ['Content-Type: multipart/mixed; boundary=o'];
    const body = [
      '--o',
      'Content-Type: multipart/report; boundary=i',
      '',
      '--i',
      ...status,
      '--i--',
      '--o--',
    ];
    expect(outcome({ header, body })).toBe('bounce: ann@dest.example hard');
  });

  test('as a disposition notification of a filter that rejects (RFC 5429)', () => {
    const header = [
      'Auto-Submitted: auto-replied (rejected)',
      'Content-Type: multipart/report; report-type=disposition-notification; boundary=o',
    ];
    const body = [
      '--o',
      '',
      'Your message to <ann@dest.example> was automatically rejected:',
      'Mailbox is full',
      '--o--',
    ];
    expect(outcome({ subject: 'Rejected: Your order', header, body })).toBe('bounce: ann@dest.example quota');
  });

  test('of which the boundary is broken', () => {
    const header = ['Content-Type: multipart/report; report-type=delivery-status; boundary=o'];
    const body = ['--x', '', 'It failed.', '--x', ...status, '--x--'];
    expect(outcome({ header, body })).toBe('bounce: ann@dest.example hard');
  });

  test('that tells of a delay, then of the failure, of one recipient', () => {
    const late = [group[0] ?? '', 'Action: delayed', 'Status: 4.4.1', ''];
    const header = ['Content-Type: multipart/report; report-type=delivery-status; boundary=o'];
    const body = ['--o', ...status.slice(0, 4), ...late, ...group, 'Status: 5.1.1', '--o--'];
    expect(outcome({ header, body })).toBe('bounce: ann@dest.example hard');
  });
});

test('the copy of the message is no part of the notice', () => {
  const body = [
    'Sorry, we were unable to deliver your message to the following address.',
    '',
    '<ann@dest.example>:',
    'Remote host said: 550 5.1.1 User unknown [RCPT_TO]',
    '',
    '--- Below this line is a copy of the message.',
    '',
    '<other@dest.example>:',
    'Remote host said: 550 5.1.1 User unknown',
  ];
  expect(outcome({ body })).toBe('bounce: ann@dest.example hard');
});
