// Reports as mail hosts send them to a return path: bounces, delays, complaints, answers.
import { message } from './sender.ts';

/** A report in the form of RFC 3464. */
export function bounceReport(
  to: string,
  { action = 'failed', status = '5.1.1', said = '550 5.1.1 User unknown' } = {},
): string {
  return message(
    [
      'From: MAILER-DAEMON@mx.one.test',
      'Subject: Undelivered Mail Returned to Sender',
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
    ],
    [
      '--b',
      'Content-Type: text/plain',
      '',
      `I could not deliver your message to ${to}: ${said}`,
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.one.test',
      '',
      `Final-Recipient: rfc822; ${to}`,
      `Action: ${action}`,
      `Status: ${status}`,
      `Diagnostic-Code: smtp; ${said}`,
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      'Subject: News',
      '--b--',
      '',
    ].join('\r\n'),
  );
}

/** A complaint in the form of RFC 5965 about a message with this header. */
export function complaintReport(header: readonly string[], fields: readonly string[] = []): string {
  return message(
    [
      'From: fbl@provider.test',
      'Subject: FW: News',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=feedback-report; boundary=b',
    ],
    [
      '--b',
      'Content-Type: text/plain',
      '',
      'This is an abuse report.',
      '--b',
      'Content-Type: message/feedback-report',
      '',
      'Feedback-Type: abuse',
      'User-Agent: Provider-FBL/1.0',
      'Version: 1',
      ...fields,
      '--b',
      'Content-Type: message/rfc822',
      '',
      ...header,
      '',
      'Hello.',
      '--b--',
      '',
    ].join('\r\n'),
  );
}

/** What a vacation program answers. */
export function vacation(subject = 'Out of office'): string {
  return message(
    [
      'From: anna@one.test',
      `Subject: ${subject}`,
      'Auto-Submitted: auto-replied',
      'Message-ID: <v@one.test>',
    ],
    'I am back on Monday.\r\n',
  );
}
