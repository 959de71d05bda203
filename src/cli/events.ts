// postino events: the facts as they happened, from the history on disk, and as they happen.
import { cursorBefore, cursorText, matches, parseCursor, type Cursor } from '../events/log.ts';
import type { Filter, Recorded } from '../events/log.ts';
import { done, misused, textOf, type Result, type Values } from './command.ts';
import {
  filterOptions,
  readFilter,
  readLimit,
  type HistoryCommand,
  type HistoryContext,
} from './history-context.ts';
import { sayEvent } from './timeline.ts';

const LIMIT = 100;
/** Redis' clock and ours may differ by so much. */
const SLACK_MS = 120_000;

export const eventsCommands: readonly HistoryCommand[] = [
  {
    words: 'events',
    summary: 'Print the latest events, oldest first; with --follow go on until Ctrl-C.',
    options: [
      { flags: '--follow', summary: 'print what comes, until Ctrl-C' },
      { flags: '--after <cursor>', summary: 'only what came after this cursor, all of it (for programs)' },
      { flags: '--limit <n>', summary: `at most so many of the past (default: ${LIMIT})` },
      ...filterOptions,
    ],
    run: async (context, _, options) => {
      const filter = readFilter(options, context.clock.now());
      const limit = readLimit(options, LIMIT);
      if (!filter.ok) return misused(filter.problem);
      if (!limit.ok) return misused(limit.problem);
      const after = parseCursor(textOf(options, 'after') ?? '');
      if (textOf(options, 'after') !== undefined && !after)
        return misused('--after: that is no cursor; each event carries its own, with --json.');
      if (options['follow'] === true) return follow(context, { filter: filter.value, after, options });
      if (after) return readAfter(context, filter.value, after);
      const found = await context.eventLog.search(filter.value, limit.value);
      return print(found.events.toReversed());
    },
  },
];

async function readAfter(context: HistoryContext, filter: Filter, after: Cursor): Promise<Result> {
  const events: Recorded[] = [];
  for await (const batch of context.eventLog.read(after))
    events.push(...batch.filter(({ event }) => matches(event, filter)));
  return print(events);
}

async function follow(
  { eventLog, write, signal }: HistoryContext,
  { filter, after, options }: Readonly<{ filter: Filter; after: Cursor | undefined; options: Values }>,
): Promise<Result> {
  const from = filter.since === undefined ? await eventLog.end() : cursorBefore(filter.since - SLACK_MS);
  const say = options['json'] === true ? (one: Recorded) => JSON.stringify(dataOf(one)) : sayRecorded;
  for await (const batch of eventLog.follow(after ?? from, signal)) {
    const lines = batch.filter(({ event }) => matches(event, filter)).map(say);
    if (lines.length > 0) write(`${lines.join('\n')}\n`);
  }
  return done('', undefined);
}

function print(events: readonly Recorded[]): Result {
  const text = events.length === 0 ? 'There are no such events.' : events.map(sayRecorded).join('\n');
  return done(text, events.map(dataOf));
}

function sayRecorded({ event }: Recorded): string {
  return sayEvent(event);
}

function dataOf({ cursor, event }: Recorded): Readonly<Record<string, unknown>> {
  return { ...event, cursor: cursorText(cursor) };
}
