// postino quarantine …: messages that a scanner refused, for somebody to let go or delete.
import { sayRefusal } from '../verbs/did.ts';
import {
  deleteQuarantined,
  findQuarantined,
  listQuarantine,
  releaseQuarantined,
  showQuarantined,
  type QuarantineVerbs,
} from '../verbs/quarantine.ts';
import {
  declined,
  done,
  failed,
  sheet,
  table,
  textOf,
  type Command,
  type Result,
  type Values,
} from './command.ts';
import { clean, sayTime } from './timeline.ts';

export type QuarantineContext = QuarantineVerbs;

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

async function list(context: QuarantineContext): Promise<Result> {
  const entries = await listQuarantine(context);
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
  const found = await findQuarantined(context, id);
  if (!found.ok) return failed(clean(sayRefusal(found)));
  const want = options['source'] === true ? 'source' : 'facts';
  const shown = await showQuarantined(context, found.value, want);
  if (!shown.ok) return declined(shown);
  const { source, ...entry } = shown.value;
  const facts = {
    message: entry.id,
    user: entry.user,
    from: entry.from,
    subject: entry.subject,
    since: `${sayTime(entry.at)} UTC`,
    why: entry.reason,
    score: entry.score,
    found: entry.symbols,
    recipients: entry.recipients,
    next: `postino quarantine release ${entry.id}, or postino quarantine delete ${entry.id}`,
  };
  const text = sheet(facts).split('\n').map(clean).join('\n');
  const more = source === undefined ? '' : `\n\n${clean(source.replaceAll('\r\n', '\n'))}`;
  return done(`${text}${more}`, shown.value);
}

async function release(
  context: QuarantineContext,
  { id = '' }: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const found = await findQuarantined(context, id);
  if (!found.ok) return failed(clean(sayRefusal(found)));
  const entry = found.value;
  const changed = await releaseQuarantined(context, entry, textOf(options, 'reason'));
  return done(`Released ${entry.id}; ${sayDeliveries(changed)} on.`, { released: entry.id, changed });
}

async function remove(
  context: QuarantineContext,
  { id = '' }: Readonly<Record<string, string>>,
): Promise<Result> {
  const found = await findQuarantined(context, id);
  if (!found.ok) return failed(clean(sayRefusal(found)));
  const entry = found.value;
  const changed = await deleteQuarantined(context, entry);
  return done(`Deleted ${entry.id}; ${changed} of its deliveries ended as cancelled.`, {
    deleted: entry.id,
    changed,
  });
}

const sayDeliveries = (count: number): string => (count === 1 ? '1 delivery goes' : `${count} deliveries go`);
