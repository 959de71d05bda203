// Deliveries of one file: read, changed in memory while a batch is taken, written once at its end.
import type { EpochMs } from '../../lib/clock.ts';
import type { StoredRow } from '../row.ts';
import {
  allColumns,
  columnsOf,
  factColumns,
  hitColumns,
  numberAt,
  routeColumns,
  storedRow,
  type Column,
} from '../columns.ts';
import type { Database, Statement } from './database.ts';
import { ROWS_PER_MS } from './schema.ts';

/** A delivery in hand: its number, and its row. */
export type Held = { readonly id: number; row: StoredRow | undefined };

export type Rows = Readonly<{
  /** The delivery with this id, accepted at this moment; a new number for one that is not there yet. */
  hold(delivery: string, at: EpochMs): Held;
  /** Says that the row in hand is another one now. */
  change(held: Held, row: StoredRow): void;
  /** Writes all changes. */
  save(): void;
  /** What is in hand may not be what is stored any more. */
  forget(): void;
}>;

type Slot = Held & { saved: StoredRow | undefined };

const MAX_HELD = 20_000;
const MAX_WORDS = 2000;

/** The rows of a month that begins at `start`. */
export function makeRows(database: Database, start: EpochMs): Rows {
  const write = makeWrite(database);
  const find = database.prepare('SELECT * FROM deliveries WHERE delivery = ?');
  const numbers = makeNumbers(database, start);
  const held = new Map<string, Slot>();
  const changed = new Set<Slot>();

  const hold = (delivery: string, at: EpochMs): Slot => {
    const known = held.get(delivery);
    if (known) return known;
    const answer = find.get(delivery);
    const row = answer && storedRow(answer);
    const id = (answer && numberAt(answer, 'id')) ?? numbers.next(at);
    const slot = { id, row, saved: row };
    held.set(delivery, slot);
    return slot;
  };
  const forget = (): void => {
    held.clear();
    changed.clear();
    numbers.forget();
  };
  return {
    hold,
    change: (one, row) => {
      one.row = row;
      const slot = held.get(row.delivery);
      if (slot) changed.add(slot);
    },
    save: () => {
      for (const slot of changed) {
        if (slot.row) write(slot.id, slot.saved, slot.row);
        slot.saved = slot.row;
      }
      changed.clear();
      if (held.size > MAX_HELD) forget();
    },
    forget,
  };
}

/** Numbers by time: the first one of its millisecond that is free. */
function makeNumbers(
  database: Database,
  start: EpochMs,
): Readonly<{ next(at: EpochMs): number; forget(): void }> {
  const last = database.prepare('SELECT max(id) AS id FROM deliveries WHERE id >= ? AND id < ?');
  const given = new Map<number, number>();
  return {
    next: (at) => {
      const first = Math.max(0, at - start) * ROWS_PER_MS;
      const stored = (): number | undefined => numberAt(last.get(first, first + ROWS_PER_MS) ?? {}, 'id');
      const id = (given.get(first) ?? stored() ?? first - 1) + 1;
      given.set(first, id);
      if (given.size > MAX_HELD) given.clear();
      return id;
    },
    forget: () => given.clear(),
  };
}

type Write = (id: number, before: StoredRow | undefined, after: StoredRow) => void;

function makeWrite(database: Database): Write {
  const names = allColumns.join(', ');
  const insert = database.prepare(
    `INSERT INTO deliveries (id, ${names}) VALUES (?, ${allColumns.map(() => '?').join(', ')})`,
  );
  const updates = [factColumns, routeColumns, hitColumns].map((columns) => ({
    columns,
    statement: updateOf(database, columns),
  }));
  const words = makeWords(database);
  const tag = database.prepare('INSERT OR IGNORE INTO tags (tag, id) VALUES (?, ?)');
  return (id, before, after) => {
    const columns = columnsOf(after);
    if (!before) insert.run(id, ...allColumns.map((name) => columns[name]));
    else {
      const old = columnsOf(before);
      for (const update of updates) {
        if (update.columns.some((name) => old[name] !== columns[name]))
          update.statement.run(...update.columns.map((name) => columns[name]), id);
      }
    }
    words(id, before, after);
    if (before?.tags !== after.tags) for (const one of after.tags ?? []) tag.run(one, id);
  };
}

function updateOf(database: Database, columns: readonly Column[]): Statement {
  return database.prepare(
    `UPDATE deliveries SET ${columns.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`,
  );
}

/** Words to be found: of the subject, of the last two replies, and the parts of the recipient's address. */
function makeWords(database: Database): Write {
  const subject = database.prepare('INSERT OR REPLACE INTO subjects (rowid, words) VALUES (?, ?)');
  const reply = database.prepare('INSERT OR REPLACE INTO replies (rowid, words) VALUES (?, ?)');
  const recipient = database.prepare('INSERT OR REPLACE INTO recipients (rowid, words) VALUES (?, ?)');
  return (id, before, after) => {
    if (after.recipient !== before?.recipient) recipient.run(id, after.recipient);
    if (after.subject !== undefined && after.subject !== before?.subject)
      subject.run(id, after.subject.slice(0, MAX_WORDS));
    if (after.reply !== undefined && after.reply !== before?.reply)
      reply.run(id, [before?.reply, after.reply].filter(Boolean).join(' '));
  };
}
