// postino message …: what became of a message, and finding it.
import type { Recorded } from '../events/log.ts';
import { done, failed, misused, table, type Result } from './command.ts';
import {
  filterOptions,
  readFilter,
  readLimit,
  type HistoryCommand,
  type HistoryContext,
} from './history-context.ts';
import { clean, sayTime, sayTimeline, sayType } from './timeline.ts';

const MAX_EVENTS = 20_000;
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
    words: 'message search',
    summary: 'Find deliveries, the newest first, each with its latest event that fits.',
    options: [
      { flags: '--message-id <id>', summary: 'the Message-ID header, with or without its angle brackets' },
      ...filterOptions,
      { flags: '--limit <n>', summary: `at most so many (default: ${LIMIT})` },
    ],
    run: async (context, _, options) => {
      const filter = readFilter(options, context.clock.now());
      const limit = readLimit(options, LIMIT);
      if (!filter.ok) return misused(filter.problem);
      if (!limit.ok) return misused(limit.problem);
      const found = await context.history.search(filter.value, limit.value * EVENTS_PER_ROW);
      return printRows(found.events, limit.value, found.complete);
    },
  },
];

async function show(context: HistoryContext, id: string, conversations: 'all' | 'none'): Promise<Result> {
  const found = await context.history.search({ id }, MAX_EVENTS);
  const events = found.events.map(({ event }) => event);
  if (events.length === 0)
    return failed(
      `There are no events of ${clean(id)}. Give the id after "queued as" in the reply, or find it with "postino message search".`,
    );
  const more = found.complete ? '' : `\nThese are its latest ${MAX_EVENTS} events; there are more.`;
  const dues = await context.dues?.(id);
  const text = sayTimeline(events, { now: context.clock.now(), conversations, ...(dues ? { dues } : {}) });
  return done(text.trimEnd() + more, events.toReversed());
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
