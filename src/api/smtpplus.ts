// SMTP+'s own way to send over HTTP: sendmessage and sendtemplate, with user and secret in the body.
import { z } from 'zod';
import type { Door } from '../accept/hand-in.ts';
import { json, type Ask as HttpAsk } from '../http/exchange.ts';
import { clientOf } from '../http/security.ts';
import { endpoint, faultsOf, sent, type Sent } from './endpoint.ts';
import { send, type SendContext } from './hand-in.ts';
import { jsonField } from './control-fields.ts';
import { messageSchema } from './message.ts';
import { fieldsOf, toXml } from './smtpplus-xml.ts';
import { readXml } from './xml.ts';

const ROOT = '/API/v2.0';
const XML = ['application/xml', 'text/xml'];
/** Theirs take attachments of 10 or 20 MB; who sends is only known once the body is read. */
const MAX_BODY_BYTES = 30 * 1024 * 1024;

const person = z.object({ Name: z.string().nullish(), Email: z.string() });
const people = z.array(person).nullish();
const file = z.object({ Filename: z.string(), ContentId: z.string().nullish(), Body: z.string() });

const common = {
  User: z.object({ Username: z.string().max(64), Secret: z.string().max(1024) }),
  Subject: z.string().nullish(),
  From: person.nullish(),
  To: people,
  Cc: people,
  Bcc: people,
  ReplyTo: z.string().nullish(),
  CharSet: z.string().nullish().describe('Not needed: JSON is UTF-8, and XML must be.'),
  ExtendedHeaders: z.array(z.object({ N: z.string(), V: z.string() })).nullish(),
  Attachments: z.array(file).nullish(),
  EmbeddedImages: z.array(file).nullish(),
  XSmtpAPI: z.record(z.string(), z.unknown()).nullish().describe('As the header X-SMTPAPI.'),
};

const messageDto = z.object({
  ...common,
  Html: z
    .object({
      DocType: z.string().nullish(),
      Head: z.string().nullish(),
      Body: z.string().nullish(),
      BodyTag: z.string().nullish(),
    })
    .nullish(),
  Text: z.string().nullish(),
});

const templateDto = z.object({
  ...common,
  TemplateId: z.union([z.string(), z.number()]).describe('Name of a stored template.'),
});

type Common = z.output<z.ZodObject<typeof common>>;

const told = z.object({ Status: z.enum(['done', 'error']), Code: z.string(), Message: z.string() });

const outline = {
  method: 'POST',
  root: ROOT,
  scope: 'open',
  maxBodyBytes: MAX_BODY_BYTES,
  accepts: XML,
  answer: told,
  failure: told,
} as const;

export const smtpPlusEndpoints = [
  endpoint({
    ...outline,
    id: 'smtpPlusSendMessage',
    path: '/messages/sendmessage',
    summary: 'Takes a message in the shape of SMTP+ by MailUp.',
    body: messageDto.optional(),
    run: async ({ body: given, http }, context: SendContext) => {
      const read = await bodyOf(given, http, messageDto);
      if ('refusal' in read) return read.refusal;
      const { Html, Text } = read.body;
      const html = Html && htmlOf(Html);
      return deliver(context, http, read.body, {
        ...(html ? { html } : {}),
        ...(Text ? { text: Text } : {}),
      });
    },
  }),
  endpoint({
    ...outline,
    id: 'smtpPlusSendTemplate',
    path: '/messages/sendtemplate',
    summary: 'Takes a message of a stored template in the shape of SMTP+ by MailUp.',
    body: templateDto.optional(),
    run: async ({ body: given, http }, context: SendContext) => {
      const read = await bodyOf(given, http, templateDto);
      if ('refusal' in read) return read.refusal;
      return deliver(context, http, read.body, { template: { name: String(read.body.TemplateId) } });
    },
  }),
];

/** The body as JSON, which was read already, or as XML. */
async function bodyOf<T>(
  given: T | undefined,
  http: HttpAsk,
  schema: z.ZodType<T>,
): Promise<Readonly<{ body: T } | { refusal: Sent }>> {
  if (given !== undefined) return { body: given };
  const xml = await readXml(http.body);
  if (!xml.ok) return { refusal: tell(http, '400', xml.problem.detail) };
  const read = schema.safeParse(fieldsOf(xml.root));
  if (read.success) return { body: read.data };
  return { refusal: tell(http, '400', sayFirst(read.error, 'body')) };
}

/** The first thing that is wrong; SMTP+'s answers have room for one. */
function sayFirst({ issues }: Pick<z.ZodError, 'issues'>, part: string): string {
  const [first] = faultsOf(issues, part);
  return `${first?.path ?? part}: ${first?.message ?? 'cannot be read'}`;
}

/** As the client wants it; who says nothing of that gets what it sent. */
function wantsXml(http: HttpAsk): boolean {
  const accept = http.header('accept') ?? '';
  if (/\bjson\b/i.test(accept)) return false;
  return /\bxml\b/i.test(accept) || XML.includes(http.type);
}

/** What must not be sent again is 403, as SMTP+ has it; the rest may be tried later. */
function tell(http: HttpAsk, code: string, message: string, status = 403): Sent {
  const value = { Status: code === '0' ? 'done' : 'error', Code: code, Message: message };
  if (!wantsXml(http)) return sent(json(value, status));
  return sent({ status, type: 'application/xml; charset=utf-8', body: toXml(value) });
}

async function deliver(
  context: SendContext,
  http: HttpAsk,
  body: Common,
  content: Readonly<Record<string, unknown>>,
): Promise<Sent> {
  const logIn = await prove(context.door, http, body);
  if ('refusal' in logIn) return logIn.refusal;
  const read = messageSchema.safeParse({ ...sharedOf(body), ...content });
  if (!read.success) return tell(http, '400', sayFirst(read.error, 'message'));
  const { XSmtpAPI } = body;
  const more = [
    // Each Bcc recipient sees its own address in To.
    ['X-Postino-Own-Bcc', 'yes'] as const,
    ...(XSmtpAPI ? [['X-SMTPAPI', jsonField(XSmtpAPI)] as const] : []),
  ];
  const handed = await send(context, { message: read.data, user: logIn.user, peer: http.peer, more });
  if (!handed.ok)
    return tell(http, String(handed.reply.code), handed.reply.text, handed.reply.code < 500 ? 503 : 403);
  const [refused] = handed.refused;
  return tell(http, '0', refused ? `Not to ${refused.address}: ${refused.reply.text}` : '', 200);
}

async function prove(
  door: Door,
  http: HttpAsk,
  { User: { Username, Secret } }: Common,
): Promise<Readonly<{ user: string } | { refusal: Sent }>> {
  // Wrong secrets count for whom a proxy here speaks for: one that guesses must not shut the door for all behind it.
  const logIn = await door.logIn(Username, Secret, clientOf(http));
  if (logIn.kind === 'user') return { user: logIn.user.name };
  const { code, text } = logIn.reply;
  return { refusal: tell(http, String(code), text, logIn.kind === 'wrong' ? 403 : 503) };
}

/** Everything but what it says, in the shape of our own messages. */
function sharedOf(body: Common): Readonly<Record<string, unknown>> {
  const { Subject, From, ReplyTo, ExtendedHeaders } = body;
  const files = [...(body.Attachments ?? []), ...(body.EmbeddedImages ?? [])];
  return {
    ...(Subject ? { subject: Subject } : {}),
    ...(From ? { from: personOf(From) } : {}),
    to: (body.To ?? []).map(personOf),
    cc: (body.Cc ?? []).map(personOf),
    bcc: (body.Bcc ?? []).map(personOf),
    ...(ReplyTo ? { replyTo: ReplyTo } : {}),
    ...(ExtendedHeaders ? { headers: Object.fromEntries(ExtendedHeaders.map(({ N, V }) => [N, V])) } : {}),
    attachments: files.map(({ Filename, ContentId, Body }) => ({
      name: Filename,
      type: typeOf(Filename),
      content: Body,
      ...(ContentId ? { cid: ContentId.replace(/^<(.*)>$/, '$1') } : {}),
    })),
  };
}

function personOf({ Name, Email }: z.output<typeof person>): Readonly<{ email: string; name?: string }> {
  return { email: Email, ...(Name ? { name: Name } : {}) };
}

function htmlOf({
  DocType,
  Head,
  Body,
  BodyTag,
}: NonNullable<z.output<typeof messageDto>['Html']>): string | undefined {
  if (!Body) return undefined;
  return `${DocType ?? '<!DOCTYPE html>'}<html><head>${Head ?? ''}</head>${BodyTag ?? '<body>'}${Body}</body></html>`;
}

const TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  ics: 'text/calendar',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  webp: 'image/webp',
  xml: 'application/xml',
  zip: 'application/zip',
};

/** Their attachments have no type of their own. */
function typeOf(name: string): string {
  return TYPES[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}
