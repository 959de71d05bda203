// Lines of the event log: a stream's entry becomes one JSON line per event, each with its cursor at the end. Pure.
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import { writtenEventSchema, type Event } from '../model/event.ts';
import { parseCursor, type Cursor } from './cursor.ts';

/** An entry of the stream as Redis gives it. */
export type Entry = Readonly<{
  /** "<milliseconds>-<sequence>". */
  id: string;
  /** Field `e`: an Event as JSON. */
  event: string;
  /** Field `r`: JSON pairs of delivery and recipient (and a due time of its own); the event is then told once for each. */
  pairs: string | undefined;
}>;

/** An event with its place in the event log. */
export type Recorded = Readonly<{ cursor: Cursor; event: Event }>;

/** Characters that a line may have; what is longer loses its conversation, metadata and tags. */
export const MAX_LINE = 32 * 1024;
const CUT_TEXT = 1000;
const MARK = '"cursor":"';

const pairsSchema = z.array(z.tuple([z.string(), z.string()]).rest(z.number()));
const anyEvent = z.looseObject({ type: z.string() });

/** An entry's lines, each ended by LF, and how many events it stands for in all. */
export type Lines = Readonly<{ text: string; count: number }>;

/**
 * The lines of an entry, beginning with number `from`. An entry that cannot be read becomes a line that keeps its
 * text under "unreadable": readers skip it, and nothing is thrown away.
 */
export function linesOf(entry: Entry, from = 0): Lines {
  if (entry.pairs !== undefined) return linesOfPairs(entry, entry.pairs, from);
  return { text: from > 0 ? '' : lineOf(entry), count: 1 };
}

/** The cursor at the end of a line, found without reading the JSON; undefined for a torn line. */
export function cursorOf(line: string): Cursor | undefined {
  const at = line.lastIndexOf(MARK);
  if (at < 0 || !line.endsWith('"}')) return undefined;
  return parseCursor(line.slice(at + MARK.length, -2));
}

/** Reads a line; undefined for one that is torn, unreadable, or of a version that we do not know. */
export function readLine(line: string): Recorded | undefined {
  const cursor = cursorOf(line);
  return cursor && readLineAt(line, cursor);
}

/** The same for a line whose cursor is known. */
export function readLineAt(line: string, cursor: Cursor): Recorded | undefined {
  // The event without the cursor that was spliced in behind a comma.
  const event = parseJson(`${line.slice(0, line.lastIndexOf(MARK) - 1)}}`, writtenEventSchema);
  return event && { cursor, event };
}

/** The usual case costs no JSON parsing: the cursor is spliced in before the last brace. */
function lineOf({ id, event }: Entry): string {
  const plain = event.startsWith('{"') && event.endsWith('}') && !event.includes('\n');
  if (plain && event.length <= MAX_LINE) return splice(event, id, 0);
  const parsed = parseJson(event, anyEvent);
  return parsed ? splice(bounded(parsed), id, 0) : unreadable(event, id);
}

function linesOfPairs({ id, event }: Entry, pairsJson: string, from: number): Lines {
  const parsed = parseJson(event, anyEvent);
  const pairs = parseJson(pairsJson, pairsSchema);
  if (!parsed || !pairs) return { text: from > 0 ? '' : unreadable(`${event} ${pairsJson}`, id), count: 1 };
  const { delivery: _delivery, recipient: _recipient, id: _id, ...shared } = parsed;
  const rest = bounded(shared).slice(1);
  let text = '';
  for (let n = from; n < pairs.length; n++) {
    const [delivery = '', recipient = '', due] = pairs[n] ?? [];
    const own = JSON.stringify({ id: `${delivery}.${parsed.type}`, delivery, recipient, due });
    text += splice(`${own.slice(0, -1)},${rest}`, id, n);
  }
  return { text, count: pairs.length };
}

function splice(json: string, id: string, n: number): string {
  return `${json.slice(0, -1)},${MARK}${id}.${n}"}\n`;
}

function unreadable(text: string, id: string): string {
  return splice(JSON.stringify({ unreadable: text.slice(0, MAX_LINE / 2) }), id, 0);
}

/** JSON of an event, without the parts that can be long when it is over the limit. */
function bounded(event: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(event);
  if (json.length <= MAX_LINE) return json;
  const { conversation: _conversation, metadata: _metadata, tags: _tags, ...rest } = event;
  return JSON.stringify(rest, (_, value: unknown) =>
    typeof value === 'string' && value.length > CUT_TEXT ? value.slice(0, CUT_TEXT) : value,
  );
}
