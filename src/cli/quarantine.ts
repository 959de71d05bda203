// postino quarantine …: messages that a scanner refused, for somebody to let go or delete.
import type { Quarantine, Quarantined } from '../backlog/quarantine.ts';
import type { Submission } from '../model/submission.ts';
import { done, failed, sheet, table, textOf, type Command, type Result, type Values } from './command.ts';
import { clean, sayTime } from './timeline.ts';

export type QuarantineContext = Readonly<{
  quarantine: Quarantine;
  /** The beginning of a stored message as text, so many bytes at most. */
  readSource(submission: Submission, maxBytes: number): Promise<string>;
}>;

const MAX_SOURCE = 64 * 1024;

export const quarantineCommands: readonly Command<QuarantineContext>[] = [
  { words: 'quarantine', summary: 'Messages that a scanner refused, newest first.', run: list },
  { words: 'quarantine list', summary: 'Messages that a scanner refused, newest first.', run: list },
  {
    words: 'quarantine show <id>',
    summary: 'Why a message is in quarantine, and what the scanner found in it.',
    options: [{ flags: '--source', summary: 'print the message, too (64 KiB of it)' }],
    run: show,
  },
  {
    words: 'quarantine release <id>',
    summary: 'Send a message all the same; it is not scanned again.',
    options: [{ flags: '--reason <text>', summary: 'why, for whoever looks later' }],
    run: release,
  },
  {
    words: 'quarantine delete <id>',
    summary: 'End a message without sending it. This cannot be undone.',
    run: remove,
  },
];

async function list({ quarantine }: QuarantineContext): Promise<Result> {
  const entries = await quarantine.list();
  const rows = entries.map(({ id, at, user, from, subject, reason }) => [
    id,
    sayTime(at),
    clean(user),
    clean(from),
    clean(subject).slice(0, 40),
    clean(reason),
  ]);
  const head = ['message', 'since (UTC)', 'user', 'from', 'subject', 'why'];
  return done(table(head, rows, 'Nothing is in quarantine.'), entries);
}

async function show(
  context: QuarantineContext,
  { id = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { quarantine } = context;
  const entry = await find(context, id);
  if (!entry) return unknown(id);
  const submission = await quarantine.submissionOf(entry);
  if (!submission) return failed(`The message ${entry.id} has ended meanwhile.`);
  const waiting = await quarantine.waiting(entry);
  const facts = {
    message: entry.id,
    user: entry.user,
    from: entry.from,
    subject: entry.subject,
    since: `${sayTime(entry.at)} UTC`,
    why: entry.reason,
    score: entry.score,
    found: entry.symbols,
    recipients: waiting,
    next: `postino quarantine release ${entry.id}, or postino quarantine delete ${entry.id}`,
  };
  const source = options['source'] === true ? await context.readSource(submission, MAX_SOURCE) : undefined;
  const text = sheet(facts).split('\n').map(clean).join('\n');
  return done(source === undefined ? text : `${text}\n\n${clean(source.replaceAll('\r\n', '\n'))}`, {
    ...entry,
    recipients: waiting,
    ...(source === undefined ? {} : { source }),
  });
}

async function release(
  context: QuarantineContext,
  { id = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const entry = await find(context, id);
  if (!entry) return unknown(id);
  const reason = `An operator released it. ${textOf(options, 'reason') ?? ''}`.trim();
  const changed = await context.quarantine.release(entry, reason);
  return done(`Released ${entry.id}; ${sayDeliveries(changed)} on.`, { released: entry.id, changed });
}

async function remove(
  context: QuarantineContext,
  { id = '' }: Readonly<Record<string, string>>,
): Promise<Result> {
  const entry = await find(context, id);
  if (!entry) return unknown(id);
  const changed = await context.quarantine.remove(entry);
  return done(`Deleted ${entry.id}; ${changed} of its deliveries ended as cancelled.`, {
    deleted: entry.id,
    changed,
  });
}

const sayDeliveries = (count: number): string => (count === 1 ? '1 delivery goes' : `${count} deliveries go`);

function find({ quarantine }: QuarantineContext, id: string): Promise<Quarantined | undefined> {
  return quarantine.find(id.trim().toUpperCase());
}

function unknown(id: string): Result {
  return failed(`There is no message ${clean(id)} in quarantine; "postino quarantine list" shows what is.`);
}
