// postino message …: what became of a message, and finding it.
import type { Recorded } from '../events/log.ts';
import { deliveryStatuses, type DeliveryRow, type DeliveryStatus, type Page } from '../history/search.ts';
import { present } from '../lib/present.ts';
import { messageOf } from '../verbs/history.ts';
import { done, failed, misused, table, textOf, type Result, type Values } from './command.ts';
import {
  filterOptions,
  readFilter,
  readLimit,
  type HistoryCommand,
  type HistoryContext,
  type Read,
} from './history-context.ts';
import { clean, sayTime, sayTimeline, sayType } from './timeline.ts';

const LIMIT = 50;
/** A delivery has several events; so many are looked at for each row. */
const EVENTS_PER_ROW = 5;
const MAX_SUBJECT = 40;

export const messageCommands: readonly HistoryCommand[] = [
  {
    words: 'message show <id>',
    summary: 'Tell the story of a message: each delivery, its attempts, what the peers said.',
    options: [{ flags: '--brief', summary: 'leave the conversations out' }],
    run: async (context, { id = '' }, options) =>
      show(context, id.trim().toUpperCase(), options['brief'] === true ? 'none' : 'all'),
  },
  {
    words: 'message search [words...]',
    summary: 'Find deliveries, the newest first: by words, as --text does, or by the options.',
    options: [
      { flags: '--message-id <id>', summary: 'the Message-ID header, with or without its angle brackets' },
      { flags: '--subject <words>', summary: 'words of the subject, in any order' },
      {
        flags: '--text <words>',
        summary: 'words of the subject, of what the peer said, or of the recipient',
      },
      { flags: '--status <status>', summary: `what became of it: ${deliveryStatuses.join(' ')}` },
      ...filterOptions,
      { flags: '--limit <n>', summary: `at most so many (default: ${LIMIT})` },
    ],
    run: async (context, { words = '' }, options) => {
      const filter = readFilter(options, context.clock.now());
      const limit = readLimit(options, LIMIT);
      if (!filter.ok) return misused(filter.problem);
      if (!limit.ok) return misused(limit.problem);
      const status = readStatus(options);
      if (!status.ok) return misused(status.problem);
      const { types, ...rest } = filter.value;
      const more = {
        subject: textOf(options, 'subject'),
        text: [words, textOf(options, 'text')].filter(Boolean).join(' ') || undefined,
        status: status.value,
      };
      const query = { ...rest, ...present(more), limit: limit.value };
      // The history has one row for each delivery; what is asked of single events is in the log.
      if (context.history && types === undefined) return printFound(await context.history.search(query));
      if (Object.values(more).some((one) => one !== undefined))
        return misused('Words, --subject, --text and --status need the history, and go without --type.');
      const found = await context.eventLog.search(filter.value, limit.value * EVENTS_PER_ROW);
      return printRows(found.events, limit.value, found.complete);
    },
  },
];

async function show(context: HistoryContext, id: string, conversations: 'all' | 'none'): Promise<Result> {
  const message = await messageOf(context, id);
  const events = message?.deliveries.flatMap((delivery) => delivery.events) ?? [];
  if (!message || events.length === 0)
    return failed(
      `There are no events of ${clean(id)}. Give the id after "queued as" in the reply, or find it with "postino message search".`,
    );
  const more = message.more ? '\nThere are more events than these.' : '';
  const dues = await context.dues?.(id);
  const text = sayTimeline(events, { now: context.clock.now(), conversations, ...(dues ? { dues } : {}) });
  return done(
    text.trimEnd() + more,
    events.toSorted((a, b) => a.at - b.at),
  );
}

function readStatus(options: Values): Read<DeliveryStatus | undefined> {
  const text = textOf(options, 'status');
  const value = deliveryStatuses.find((status) => status === text);
  if (text === undefined || value !== undefined) return { ok: true, value };
  return { ok: false, problem: `--status ${text}: give one of ${deliveryStatuses.join(', ')}.` };
}

function printFound({ items, next }: Page<DeliveryRow>): Result {
  const rows = items.map((row) =>
    [sayTime(row.at), row.status, row.delivery, row.sender || '<>', row.recipient, cut(row.subject)].map(
      (cell) => clean(cell).replaceAll('\n', ' '),
    ),
  );
  const more = next === undefined ? '' : '\nThere are more; narrow the search or raise --limit.';
  const none = 'No delivery in the history fits.';
  return done(table(['utc', 'status', 'delivery', 'from', 'to', 'subject'], rows, none) + more, items);
}

function printRows(events: readonly Recorded[], limit: number, complete: boolean): Result {
  const newest = new Map<string, Recorded>();
  for (const one of events) if (!newest.has(one.event.delivery)) newest.set(one.event.delivery, one);
  const shown = [...newest.values()].slice(0, limit).map(({ event }) => event);
  const subjects = subjectsOf(events);
  const rows = shown.map((event) =>
    [
      sayTime(event.at),
      sayType(event),
      event.delivery,
      event.sender || '<>',
      event.recipient,
      cut(event.subject ?? subjects.get(event.delivery)),
    ].map((cell) => clean(cell).replaceAll('\n', ' ')),
  );
  const none = 'No delivery in the history fits.';
  const more =
    complete && newest.size <= limit ? '' : '\nThere may be more; narrow the search or raise --limit.';
  return done(table(['utc', 'event', 'delivery', 'from', 'to', 'subject'], rows, none) + more, shown);
}

/** Of deliveries whose newest event tells none, such as a click; events are newest first. */
function subjectsOf(events: readonly Recorded[]): ReadonlyMap<string, string> {
  const subjects = new Map<string, string>();
  for (const { event } of events)
    if (event.subject !== undefined && !subjects.has(event.delivery))
      subjects.set(event.delivery, event.subject);
  return subjects;
}

function cut(subject = ''): string {
  return subject.length > MAX_SUBJECT ? `${subject.slice(0, MAX_SUBJECT - 1)}…` : subject;
}
