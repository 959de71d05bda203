// A message as JSON says it, and what of it becomes bytes, control fields and an envelope. Pure.
import { z } from 'zod';
import { tagSyntaxes } from '../model/instructions.ts';
import { nameSchema } from '../model/settings.ts';

const MAX_LINE = 998; // RFC 5322 §2.1.1
const MAX_PEOPLE = 5000;
const MAX_ATTACHMENTS = 100;
const MAX_HEADERS = 100;

/** Text that cannot end its line: nobody smuggles a field into a header. */
const line = (max = MAX_LINE) =>
  z
    .string()
    .max(max)
    .refine((text) => !/[\p{Cc}\u2028\u2029]/u.test(text), 'must be one line without control characters');

const address = z
  .string()
  .min(1)
  .max(320)
  .refine(
    (text) => !/[\p{Cc}<>,\s]/u.test(text) || /^"[^\p{Cc}<>]*"@[^\s<>,]+$/u.test(text),
    'must be an address',
  );

const person = z.union([
  address,
  z.strictObject({ email: address, name: line(255).optional().describe('For people to read.') }),
]);

export type Person = z.output<typeof person>;

const people = z.array(person).max(MAX_PEOPLE);
const values = z.record(z.string().max(255), z.union([z.string().max(65_536), z.number(), z.boolean()]));

/** Fields that say what the message is: they have their own place in the JSON. */
const OWN_FIELDS =
  /^(?:from|to|cc|bcc|subject|reply-to|sender|date|mime-version|content-.*|return-path|received|dkim-signature|arc-.*)$/i;

const attachment = z.strictObject({
  name: line(255).min(1),
  type: z
    .string()
    .regex(/^(?!multipart\/|message\/)[\w.+-]+\/[\w.+-]+$/, 'must be a media type such as application/pdf')
    .default('application/octet-stream'),
  content: z.string().describe('Base64.').refine(isBase64, 'must be base64'),
  cid: z
    .string()
    .regex(/^[\w.@+-]{1,200}$/, 'must be letters, digits and . @ + - _')
    .optional()
    .describe('Stands in the HTML as "cid:…"; absent: a file to save.'),
});

/** What is asked for beside the message itself; each is a control field, and is granted or refused as these are. */
const wishes = {
  campaign: line(255).min(1).optional().describe('What statistics are aggregated by.'),
  campaignName: line(255).min(1).optional().describe('Name of the campaign for people.'),
  tags: z.array(line(255).min(1)).max(20).optional(),
  metadata: values.optional().describe('Your own data, in every event and never in the mail.'),
  priority: z.number().int().min(1).max(5).optional().describe('1 is the most urgent, 3 the default.'),
  pool: nameSchema.optional().describe('A pool that the user was granted.'),
  sendAt: z
    .union([z.number().int().positive(), z.iso.datetime({ offset: true })])
    .optional()
    .describe('Not sent before: epoch milliseconds, or ISO 8601 with its offset.'),
  batch: line(100).min(1).optional().describe('Names deliveries that are cancelled or put off together.'),
  ttl: line(20).optional().describe('How long to try, such as "2h".'),
  attempts: z.number().int().min(1).max(1000).optional().describe('How many attempts at most.'),
  tls: z
    .enum(['encrypted', 'verified'])
    .optional()
    .describe('By TLS or not at all; and with a certificate that names the host.'),
  trackOpens: z.boolean().optional(),
  trackClicks: z.union([z.boolean(), z.enum(['html', 'text'])]).optional(),
  unsubscribe: z.boolean().optional().describe('Unsubscribe fields and links, or none.'),
  topic: line(100).min(1).optional().describe('What is unsubscribed from, and suppressed.'),
  topics: z
    .array(line(100).min(1))
    .max(25)
    .optional()
    .describe('Topics to choose from on the unsubscribe page.'),
  header: z.boolean().optional().describe("The user's header block, or none."),
  footer: z.boolean().optional().describe("The user's footer block, or none."),
  inlineCss: z.boolean().optional().describe('Style sheets are written into style attributes.'),
  separate: z.boolean().optional().describe('Every recipient sees only its own address in To, and no Cc.'),
  drop: z.boolean().optional().describe('Taken, reported as delivered, and not sent.'),
  bypassSuppression: z
    .boolean()
    .optional()
    .describe('Sent although the address is suppressed, where the user was granted that.'),
  template: z
    .strictObject({
      name: line(128).min(1),
      version: z.number().int().positive().optional(),
      block: line(255).min(1).optional().describe("Tag that the message's own body takes the place of."),
    })
    .optional()
    .describe('A stored template of the account; text and HTML may then be left out.'),
  merge: z
    .enum(['on', 'off', 'strict'])
    .optional()
    .describe('Whether merge tags are replaced; default: on where there are values or a template.'),
  mergeSyntax: z.array(z.enum(tagSyntaxes)).max(6).optional(),
  data: values.optional().describe('Values of merge tags for all recipients.'),
  recipientData: z
    .record(z.string().max(320), values)
    .optional()
    .describe('Values by address; they win over those for all.'),
};

export const messageSchema = z.strictObject({
  from: person.optional().describe('Needed unless "raw" has it.'),
  to: people.default([]),
  cc: people.default([]),
  bcc: people.default([]).describe('Get the message, and are named in it nowhere.'),
  replyTo: z.union([person, people]).optional(),
  sender: z
    .union([address, z.literal('')])
    .optional()
    .describe('Envelope sender, which gets bounces; default: From.'),
  subject: line().optional(),
  text: z.string().optional(),
  html: z.string().optional(),
  attachments: z.array(attachment).max(MAX_ATTACHMENTS).optional(),
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9-]{1,76}$/, 'must be a field name')
        .refine((name) => !OWN_FIELDS.test(name), 'has its own place, or is ours to write'),
      line(8192),
    )
    .refine((fields) => Object.keys(fields).length <= MAX_HEADERS, `must be at most ${MAX_HEADERS}`)
    .optional()
    .describe('Other header fields.'),
  raw: z
    .string()
    .optional()
    .describe(
      'A whole message of your own (RFC 5322), instead of subject, text, html, attachments and headers; to, cc and bcc then are the envelope alone.',
    ),
  ...wishes,
});

export type Message = z.output<typeof messageSchema>;

export function emailOf(one: Person): string {
  return typeof one === 'string' ? one : one.email;
}

export function nameOf(one: Person): string {
  return typeof one === 'string' ? '' : (one.name ?? '');
}

/** In one pass: a pattern with blanks in two places would try all ways to share them, for hours. */
function isBase64(text: string): boolean {
  const whole = text.trimEnd();
  const padding = whole.endsWith('==') ? 2 : whole.endsWith('=') ? 1 : 0;
  return !/[^A-Za-z0-9+/\s]/.test(whole.slice(0, whole.length - padding));
}
