// What the commands that read the history need, and how their options become a filter.
import { present } from '../lib/present.ts';
import type { Filter, EventLog } from '../events/log.ts';
import type { HistoryReader } from '../history/history.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import { eventTypes } from '../model/event.ts';
import { listOf, textOf, type Command, type Option, type Values } from './command.ts';

export type HistoryContext = Readonly<{
  eventLog: EventLog;
  /** Search by index; undefined: there is none, and the event log is searched. */
  history: HistoryReader | undefined;
  clock: Clock;
  /** When what waits of a message or delivery is due, as it stands now. */
  dues?(id: string): Promise<ReadonlyMap<string, EpochMs>>;
  /** Prints while the command still runs. */
  write(text: string): void;
  /** Aborted when the person presses Ctrl-C. */
  signal: AbortSignal;
}>;

export type HistoryCommand = Command<HistoryContext>;

export const filterOptions: readonly Option[] = [
  { flags: '--to <address>', summary: 'recipient, or "@example.net" for a whole domain' },
  { flags: '--from <address>', summary: 'envelope sender or From address, or "@example.net"' },
  { flags: '--user <name>', summary: 'the user who sent it in' },
  { flags: '--transport <name>', summary: 'the transport it left by' },
  { flags: '--campaign <code>', summary: 'the campaign it belongs to' },
  { flags: '--tag <tag>', summary: 'a tag that it has' },
  { flags: '--type <types>', summary: `event types, separated by commas: ${eventTypes.join(' ')}` },
  { flags: '--since <when>', summary: 'from then on: "2h" (ago) or "2026-01-31T09:00Z"' },
  { flags: '--until <when>', summary: 'up to then' },
];

export type Read<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; problem: string }>;

/** The filter that the options ask for, or a sentence about the first one that cannot be read. */
export function readFilter(options: Values, now: EpochMs): Read<Filter> {
  const types = readTypes(options);
  const since = readWhen(options, 'since', now);
  const until = readWhen(options, 'until', now);
  if (!types.ok) return types;
  if (!since.ok) return since;
  if (!until.ok) return until;
  const filter = present({
    recipient: textOf(options, 'to'),
    sender: textOf(options, 'from'),
    user: textOf(options, 'user'),
    transport: textOf(options, 'transport'),
    campaign: textOf(options, 'campaign'),
    tag: textOf(options, 'tag'),
    messageId: textOf(options, 'messageId'),
    types: types.value,
    since: since.value,
    until: until.value,
  });
  return { ok: true, value: filter };
}

/** A count of at least one; `fallback` when the option was not given. */
export function readLimit(options: Values, fallback: number): Read<number> {
  const text = textOf(options, 'limit');
  if (text === undefined) return { ok: true, value: fallback };
  if (/^[1-9]\d{0,5}$/.test(text)) return { ok: true, value: Number(text) };
  return { ok: false, problem: `--limit ${text}: give a number from 1 to 999999.` };
}

function readTypes(options: Values): Read<Filter['types']> {
  const asked = listOf(options, 'type');
  if (!asked) return { ok: true, value: undefined };
  const types = eventTypes.filter((type) => asked.includes(type));
  if (types.length === asked.length) return { ok: true, value: types };
  return { ok: false, problem: `--type ${asked.join(',')}: the types are ${eventTypes.join(', ')}.` };
}

/** A moment that has been: "2h" (ago), or an ISO 8601 date with or without a time. `name` is that of the option. */
export function readWhen(options: Values, name: string, now: EpochMs): Read<EpochMs | undefined> {
  const text = textOf(options, name);
  if (text === undefined) return { ok: true, value: undefined };
  const ago = parseDuration(text);
  const at = ago === undefined && /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (ago !== undefined) return { ok: true, value: now - ago };
  if (!Number.isNaN(at)) return { ok: true, value: at };
  return {
    ok: false,
    problem: `--${name} ${text}: give a time ago such as "2h", or a date such as "2026-01-31T09:00Z".`,
  };
}
