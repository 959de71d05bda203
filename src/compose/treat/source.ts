// The message that is filled for recipients: as it came, with a template's text, or with its CSS inlined.
import type { Cause } from '../../model/outcome.ts';
import type { Submission } from '../../model/submission.ts';
import { scanHeaders } from '../../mail/headers.ts';
import { makeReader, readHead, type StoredMessage } from '../body.ts';
import { cannotMerge, noTemplate, notInlined, notRendered } from '../refusal.ts';
import { stampFields } from '../stamp.ts';
import type { LiquidJob, Made, Parts } from '../worker/jobs.ts';
import { buildMessage, type Message } from './build.ts';
import { findGaps, readBetween, type Gap } from './outline.ts';
import { leftOut } from './left-out.ts';
import { ownTexts, withBlock, withHtml } from './texts.ts';

export type TemplateContent = Readonly<{
  subject?: string | undefined;
  html?: string | undefined;
  text?: string | undefined;
}>;

/** The part of the workshop that is needed here. */
export type Workshop = Readonly<{
  render(job: LiquidJob): Promise<Made<Parts>>;
  inlineCss(html: string, owner?: string): Promise<Made<string>>;
}>;

export type SourceDeps = Readonly<{
  loadBody(submission: Submission): Promise<StoredMessage>;
  /** A version of a stored template; undefined when it is gone. */
  template(account: string, name: string, version: number): Promise<TemplateContent | undefined>;
  workshop: Workshop;
}>;

/** A message to plan; `subject` takes the place of the message's own. */
export type Source = Readonly<{
  message: Message;
  subject?: string;
  notes: readonly string[];
}>;

const TOO_LARGE = 'its own text is too large to be put into a template, or it has too many parts.';
/** Attempts in which something that took too long is held to be slow by chance. */
export const PATIENCE = 3;

/** `waits`: the CSS could not be inlined just now. */
export type Refused = Readonly<{ refusal: Cause; waits?: boolean }>;

/** What this attempt is to do. `keepsCss`: the CSS stays as it is, although it was to be inlined. */
export type How = Readonly<{ attempts: number; keepsCss: boolean }>;

/** A stored message of which only the header was read so far. */
export type Stored = Readonly<{
  fields: Buffer;
  /** Bytes that `read` will hold. */
  heldBytes: number;
  /** The message as its client sent it, stamped, with its texts in memory. */
  read(): Promise<Message>;
}>;

/** A body up to this is read whole. */
const SMALL_BYTES = 256 * 1024;
const TOO_MANY_PARTS = 'The message was left as it is: it has more parts than can be looked through.';

/** Finds out what of a message has to be in memory. */
export async function findOriginal(deps: SourceDeps, submission: Submission): Promise<Stored> {
  const stored = await deps.loadBody(submission);
  const head = await readHead(stored, submission.headerSize);
  const block = scanHeaders(head);
  const fields = stampFields(head, block.fields, submission);
  if (Buffer.isBuffer(stored) && stored.length <= SMALL_BYTES) {
    const body = stored.subarray(block.size);
    return { fields, heldBytes: body.length, read: () => Promise.resolve({ fields, body }) };
  }
  await using reader = await makeReader(stored, block.size);
  const { size } = reader;
  const gaps = await findGaps(fields, size, reader.read);
  return {
    fields,
    heldBytes: (gaps ?? all(size)).reduce((held, { from, to }) => held - (to - from), size),
    read: async () => {
      await using again = await makeReader(stored, block.size);
      return {
        fields,
        ...(await readBetween(size, gaps ?? all(size), again)),
        unread: gaps ? undefined : TOO_MANY_PARTS,
      };
    },
  };
}

/** A body of which nothing is looked at but its ends, where no part is found. */
const all = (size: number): readonly Gap[] => [{ from: 1, to: size - 1 }];

/** The same with a template's text and inlined CSS, where that is wanted: for all recipients alike. */
export async function sharedSource(
  deps: SourceDeps,
  submission: Submission,
  { stored, how }: Readonly<{ stored: Stored; how: How }>,
): Promise<Source | Refused> {
  const message = await stored.read();
  const original = { message, notes: [] };
  const { template } = submission.treatment ?? {};
  if (!template) return inlined(deps, submission, original, how);
  const content = await deps.template(submission.account, template.name, template.version);
  if (!content) return { refusal: noTemplate(template.name, template.version) };
  const own = ownTexts(message);
  if (own.tooLarge || message.unread !== undefined) return { refusal: cannotMerge(TOO_LARGE) };
  const block = submission.instructions.template?.block ?? 'body';
  const texts = {
    ...(content.html === undefined ? {} : { html: withBlock(content.html, block, own.html ?? '') }),
    ...(content.text === undefined ? {} : { text: withBlock(content.text, block, own.text ?? '') }),
  };
  const subject = content.subject && withBlock(content.subject, 'subject', submission.subject);
  const built = {
    message: buildMessage(message, texts, submission.id),
    notes: leftOut(submission, content, own),
    ...(subject ? { subject } : {}),
  };
  return inlined(deps, submission, built, how);
}

/** Values by name, for a message with these fields. */
type Scope = (fields: Buffer) => Readonly<Record<string, unknown>>;

/** A template in Liquid, filled in by the workshop for one recipient. */
export async function liquidSource(
  deps: SourceDeps,
  submission: Submission,
  { stored, scope, how }: Readonly<{ stored: Stored; scope: Scope; how: How }>,
): Promise<Source | Refused> {
  const { template } = submission.treatment ?? {};
  if (!template) return sharedSource(deps, submission, { stored, how });
  const [message, content] = await Promise.all([
    stored.read(),
    deps.template(submission.account, template.name, template.version),
  ]);
  if (!content) return { refusal: noTemplate(template.name, template.version) };
  const own = ownTexts(message);
  if (own.tooLarge || message.unread !== undefined) return { refusal: cannotMerge(TOO_LARGE) };
  const block = submission.instructions.template?.block ?? 'body';
  const made = await deps.workshop.render({
    key: `${submission.account}/${template.name}/${template.version}`,
    now: submission.at,
    subject: content.subject,
    html: content.html,
    text: content.text,
    markup: own.html === undefined ? [] : [block],
    scope: {
      ...scope(message.fields),
      [block]: own.html ?? own.text ?? '',
      text_body: own.text ?? '',
      subject: submission.subject,
    },
  });
  if (!made.ok) return { refusal: notRendered(template.name, made, how.attempts <= PATIENCE) };
  const { subject, html, text } = made.output;
  const built = {
    message: buildMessage(message, { html, text }, submission.id),
    notes: leftOut(submission, content, own),
  };
  return inlined(deps, submission, { ...built, ...(subject ? { subject } : {}) }, how);
}

/** CSS that can never be inlined goes out as it is, with a note; what a busy machine may be the reason of is tried again. */
async function inlined(
  deps: SourceDeps,
  submission: Submission,
  source: Source,
  { keepsCss }: How,
): Promise<Source | Refused> {
  if (submission.instructions.inlineCss !== true) return source;
  if (keepsCss) return withNote(source, 'It took too long each time.');
  const { html, tooLarge } = ownTexts(source.message);
  if (html === undefined) return tooLarge ? withNote(source, 'The HTML is too large.') : source;
  const made = await deps.workshop.inlineCss(html, submission.account);
  if (!made.ok && made.kind !== 'wrong') return { refusal: notInlined(made), waits: true };
  if (!made.ok) return withNote(source, made.problem);
  return { ...source, message: withHtml(source.message, made.output) };
}

function withNote(source: Source, why: string): Source {
  return { ...source, notes: [...source.notes, `The CSS was not inlined. ${why}`] };
}
