// The message that is filled for recipients: as it came, with a template's text, or with its CSS inlined.
import type { Part } from '../../model/letter.ts';
import type { Cause } from '../../model/outcome.ts';
import type { Submission } from '../../model/submission.ts';
import { scanHeaders } from '../../mail/headers.ts';
import { bodyPart, readHead, readRange, type StoredMessage } from '../body.ts';
import { noTemplate, notInlined, notRendered } from '../refusal.ts';
import { stampFields } from '../stamp.ts';
import type { LiquidJob, Made, Parts } from '../worker/jobs.ts';
import { buildMessage, type Message } from './build.ts';
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

/** A message to plan, with its body's ranges as parts of a letter; `subject` takes the place of the message's own. */
export type Source = Readonly<{
  message: Message;
  part(start: number, end: number): Part;
  subject?: string;
  notes: readonly string[];
}>;

/** Attempts in which something that took too long is held to be slow by chance. */
const PATIENCE = 3;

export type Refused = Readonly<{ refusal: Cause }>;

/** The message as its client sent it, stamped. A file is read whole, but its bytes go out from the file. */
export async function originalOf(deps: SourceDeps, submission: Submission): Promise<Source> {
  const stored = await deps.loadBody(submission);
  const head = await readHead(stored, submission.headerSize);
  const block = scanHeaders(head);
  const fields = stampFields(head, block.fields, submission);
  if (Buffer.isBuffer(stored)) return inMemory({ fields, body: stored.subarray(block.size) });
  const whole = bodyPart(stored, block.size);
  if (Buffer.isBuffer(whole)) return inMemory({ fields, body: whole });
  const { file, start, size } = whole;
  return {
    message: { fields, body: await readRange(file, start, size) },
    part: (from, to) => ({ file, start: start + from, size: to - from }),
    notes: [],
  };
}

function inMemory(message: Message, notes: readonly string[] = []): Source {
  return { message, part: (start, end) => message.body.subarray(start, end), notes };
}

/** The same with a template's text and inlined CSS, where that is wanted: for all recipients alike. */
export async function sharedSource(
  deps: SourceDeps,
  submission: Submission,
  attempts: number,
): Promise<Source | Refused> {
  const original = await originalOf(deps, submission);
  const { template } = submission.treatment ?? {};
  if (!template) return inlined(deps, submission, original, attempts);
  const content = await deps.template(submission.account, template.name, template.version);
  if (!content) return { refusal: noTemplate(template.name, template.version) };
  const own = ownTexts(original.message);
  const block = submission.instructions.template?.block ?? 'body';
  const texts = {
    ...(content.html === undefined ? {} : { html: withBlock(content.html, block, own.html ?? '') }),
    ...(content.text === undefined ? {} : { text: withBlock(content.text, block, own.text ?? '') }),
  };
  const message = buildMessage(original.message, texts, submission.id);
  const subject = content.subject && withBlock(content.subject, 'subject', submission.subject);
  const built = { ...inMemory(message), ...(subject ? { subject } : {}) };
  return inlined(deps, submission, built, attempts);
}

/** Values by name, for a message with these fields. */
type Scope = (fields: Buffer) => Readonly<Record<string, unknown>>;

/** A template in Liquid, filled in by the workshop for one recipient. */
export async function liquidSource(
  deps: SourceDeps,
  submission: Submission,
  { scope, attempts }: Readonly<{ scope: Scope; attempts: number }>,
): Promise<Source | Refused> {
  const { template } = submission.treatment ?? {};
  if (!template) return sharedSource(deps, submission, attempts);
  const [original, content] = await Promise.all([
    originalOf(deps, submission),
    deps.template(submission.account, template.name, template.version),
  ]);
  if (!content) return { refusal: noTemplate(template.name, template.version) };
  const own = ownTexts(original.message);
  const block = submission.instructions.template?.block ?? 'body';
  const made = await deps.workshop.render({
    key: `${submission.account}/${template.name}/${template.version}`,
    now: submission.at,
    subject: content.subject,
    html: content.html,
    text: content.text,
    markup: own.html === undefined ? [] : [block],
    scope: {
      ...scope(original.message.fields),
      [block]: own.html ?? own.text ?? '',
      text_body: own.text ?? '',
      subject: submission.subject,
    },
  });
  if (!made.ok) return { refusal: notRendered(template.name, made, attempts <= PATIENCE) };
  const { subject, html, text } = made.output;
  const texts = { ...(html === undefined ? {} : { html }), ...(text === undefined ? {} : { text }) };
  const built = inMemory(buildMessage(original.message, texts, submission.id));
  return inlined(deps, submission, { ...built, ...(subject ? { subject } : {}) }, attempts);
}

/** CSS that cannot be inlined goes out as it is, with a note; what a busy machine may be the reason of is tried again. */
async function inlined(
  deps: SourceDeps,
  submission: Submission,
  source: Source,
  attempts: number,
): Promise<Source | Refused> {
  if (submission.instructions.inlineCss !== true) return source;
  const { html } = ownTexts(source.message);
  if (html === undefined) return source;
  const made = await deps.workshop.inlineCss(html, submission.account);
  if (!made.ok && made.kind !== 'wrong' && attempts <= PATIENCE) return { refusal: notInlined(made) };
  if (!made.ok) return { ...source, notes: [...source.notes, `The CSS was not inlined. ${made.problem}`] };
  const changed = inMemory(withHtml(source.message, made.output), source.notes);
  return { ...changed, ...(source.subject === undefined ? {} : { subject: source.subject }) };
}
