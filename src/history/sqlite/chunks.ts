// Events of one file, many of them compressed together in a chunk: ten times less than each for itself.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { EpochMs } from '../../lib/clock.ts';
import type { Event } from '../../model/event.ts';
import { leanEvent, nameOf, wholeEvent } from '../stored-event.ts';
import type { DeliveryRow } from '../search.ts';
import { bytesAt, numberAt, textAt, type Answer } from '../columns.ts';
import type { Database } from './database.ts';

export type Chunks = Readonly<{
  /** Stores the event with the next `save`; false when it is there already. */
  add(id: number, event: Event, row: DeliveryRow): boolean;
  /** Who has clicked this link of the delivery so far. */
  followed(id: number, link: number): 'never' | 'by machine' | 'by person';
  save(): void;
  forget(): void;
}>;

/** Characters after which a chunk is full. */
const CHUNK = 64 * 1024;
const MAX_BYTES = 64 * 1024 * 1024;

/** The writing side. */
export function makeChunks(database: Database): Chunks {
  const last = database.prepare('SELECT max(chunk) AS chunk FROM chunks');
  const addEvent = database.prepare(
    'INSERT OR IGNORE INTO events (id, name, human, chunk, line) VALUES (?, ?, ?, ?, ?)',
  );
  const addChunk = database.prepare('INSERT INTO chunks (chunk, newest, stripped, body) VALUES (?, ?, 0, ?)');
  // "/" follows "." in ASCII.
  const clicks = database.prepare(
    'SELECT max(human) AS human FROM events WHERE id = ? AND name >= ? AND name < ?',
  );
  let open: { number: number; lines: string[]; size: number; newest: EpochMs } | undefined;

  const begin = (number: number): NonNullable<typeof open> => ({ number, lines: [], size: 0, newest: 0 });
  const write = (): void => {
    if (!open || open.lines.length === 0) return;
    addChunk.run(open.number, open.newest, packLines(open.lines));
    open = begin(open.number + 1);
  };
  return {
    add: (id, event, row) => {
      open ??= begin((numberAt(last.get() ?? {}, 'chunk') ?? 0) + 1);
      const human = event.machine === undefined ? 1 : 0;
      const done = addEvent.run(id, nameOf(event), human, open.number, open.lines.length);
      if (done.changes === 0) return false;
      const line = leanEvent(event, row);
      open.lines.push(line);
      open.size += line.length;
      open.newest = Math.max(open.newest, event.at);
      if (open.size >= CHUNK) write();
      return true;
    },
    followed: (id, link) => {
      const human = numberAt(clicks.get(id, `clicked.${link}.`, `clicked.${link}/`) ?? {}, 'human');
      return human === undefined ? 'never' : human === 1 ? 'by person' : 'by machine';
    },
    save: () => {
      write();
      open = undefined;
    },
    forget: () => (open = undefined),
  };
}

export function packLines(lines: readonly string[]): Uint8Array {
  return zstdCompressSync(lines.join('\n'));
}

/** Lines of a chunk; those that were erased are empty. */
export function readLines(body: Uint8Array): readonly string[] {
  return zstdDecompressSync(body, { maxOutputLength: MAX_BYTES }).toString('utf8').split('\n');
}

/** Reads events of deliveries, oldest first; at most `limit`. */
export function makeEventReader(
  database: Database,
): (id: number, row: DeliveryRow, limit: number) => Event[] {
  const find = database.prepare(
    'SELECT name, chunk, line FROM events WHERE id = ? ORDER BY chunk, line LIMIT ?',
  );
  const body = database.prepare('SELECT body FROM chunks WHERE chunk = ?');
  let last: { chunk: number; lines: readonly string[] } | undefined;
  const linesOf = (chunk: number): readonly string[] => {
    if (last?.chunk === chunk) return last.lines;
    const bytes = bytesAt(body.get(chunk) ?? {}, 'body');
    last = { chunk, lines: bytes ? readLines(bytes) : [] };
    return last.lines;
  };
  const read = (answer: Answer, row: DeliveryRow): Event | undefined => {
    const line = linesOf(numberAt(answer, 'chunk') ?? -1)[numberAt(answer, 'line') ?? -1];
    return line === undefined || line === ''
      ? undefined
      : wholeEvent(line, textAt(answer, 'name') ?? '', row);
  };
  return (id, row, limit) => {
    const events = find.all(id, limit).map((answer) => read(answer, row));
    last = undefined; // it may be rewritten before the next question
    return events.filter((event) => event !== undefined).sort((a, b) => a.at - b.at);
  };
}
