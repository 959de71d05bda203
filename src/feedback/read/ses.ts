// Notices of Amazon SES that come as mail through SNS: JSON in a text, broken over lines. Pure.
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import { isAgainst, type Complaint } from './arf.ts';
import type { Opened } from './open.ts';
import { originalOf } from './original.ts';
import { quoteIn } from './quote.ts';
import type { Report, ReportedRecipient } from './report.ts';

const text = z.string().max(4096);
const MAX_RECIPIENTS = 100;
/** Lines that a notice is broken over. */
const MAX_JSON_LINES = 60;
const noticeSchema = z.object({
  notificationType: z.enum(['Bounce', 'Complaint', 'Delivery']),
  bounce: z
    .object({
      bounceType: text.optional(),
      bouncedRecipients: z
        .array(z.object({ emailAddress: text, status: text.optional(), diagnosticCode: text.optional() }))
        .max(MAX_RECIPIENTS),
    })
    .optional(),
  complaint: z
    .object({
      complainedRecipients: z.array(z.object({ emailAddress: text })).max(MAX_RECIPIENTS),
      complaintFeedbackType: text.nullish(),
      userAgent: text.nullish(),
    })
    .optional(),
});

type Bounced = Readonly<{
  emailAddress: string;
  status?: string | undefined;
  diagnosticCode?: string | undefined;
}>;

/** The report in the text; undefined when there is none. */
export function sesReport(opened: Opened): Report | undefined {
  const notice = noticeIn(opened.texts[0] ?? []);
  if (!notice) return undefined;
  if (notice.bounce) {
    const { bouncedRecipients, bounceType = 'Permanent' } = notice.bounce;
    const isPermanent = bounceType === 'Permanent';
    const recipients = bouncedRecipients.map((bounced) => recipientOf(bounced, isPermanent));
    return { kind: 'bounce', by: 'text', recipients };
  }
  if (notice.complaint)
    return {
      kind: 'complaint',
      complaint: complaintOf(notice.complaint),
      original: originalOf(opened.original),
    };
  return { kind: 'other', sort: 'delivered' };
}

function noticeIn(lines: readonly string[]): z.infer<typeof noticeSchema> | undefined {
  const first = lines.findIndex((line) => line.startsWith('{"notificationType"'));
  if (first < 0) return undefined;
  const json = lines.slice(first, first + MAX_JSON_LINES);
  const end = json.indexOf('--');
  const whole = (end < 0 ? json : json.slice(0, end)).map((line) => line.replace(/^ /, '')).join('');
  return parseJson(whole.trim(), noticeSchema);
}

function complaintOf(told: NonNullable<z.infer<typeof noticeSchema>['complaint']>): Complaint {
  const type = told.complaintFeedbackType?.toLowerCase().slice(0, 40) ?? 'abuse';
  return {
    type,
    isAgainst: isAgainst(type),
    recipients: told.complainedRecipients.map((one) => one.emailAddress.slice(0, 320)),
    userAgent: told.userAgent?.slice(0, 200) ?? '',
    sourceIp: '',
    reportedDomain: '',
  };
}

function recipientOf(bounced: Bounced, isPermanent: boolean): ReportedRecipient {
  const quote = quoteIn(bounced.diagnosticCode ?? '');
  const status = quote.status ?? /^[45]\.\d{1,3}\.\d{1,3}$/.exec(bounced.status ?? '')?.[0];
  const code = quote.code ?? (isPermanent ? 554 : 451);
  return {
    address: bounced.emailAddress.slice(0, 320),
    action: 'failed',
    reply: status === undefined ? { code, text: quote.text } : { code, status, text: quote.text },
    ...(quote.phase === undefined ? {} : { phase: quote.phase }),
    mta: '',
  };
}
