// Pruning the history: what is kept no longer goes, in small pieces; a file without anything left goes as a whole.
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';
import type { Keep } from '../config.ts';
import type { Pruned } from '../history.ts';
import { intervalMs, keptName } from '../sets.ts';
import { intervals } from '../statistics.ts';
import { visitorFields } from '../veil.ts';
import { numberAt } from '../columns.ts';
import { transact, type Database } from './database.ts';
import { changeChunk, removeDeliveries } from './erase.ts';
import type { Meta } from './meta.ts';
import type { Month } from './month.ts';
import { monthEnd, monthFiles, monthStart, removeFile, type MonthName } from './months.ts';
import { ROWS_PER_MS } from './schema.ts';
import type { Months } from './writer.ts';

export type PruneDeps = Readonly<{ folder: string; keep: Keep; meta: Meta; months: Months }>;

/** Deliveries, or chunks, of one piece of work. */
const PIECE = 200;

/** What a chunk has lost already, as bits. */
const CONVERSATIONS = 1;
const VISITORS = 2;

export function makePruner(deps: PruneDeps): (now: EpochMs) => Generator<undefined, Pruned> {
  const { folder, keep, meta, months } = deps;
  return function* (now) {
    for (const interval of intervals)
      meta.set(keptName(interval), String(Math.max(0, now - keep[`${interval}s`])));
    let deliveries = 0;
    const files: string[] = [];
    for (const { month, name } of monthFiles(folder)) {
      if (monthEnd(month) < now - Math.max(keep.deliveries, ...Object.values(keep.users)))
        deliveries += months.existing(month, emptyMonth) ?? 0;
      for (let removed = 1; removed > 0;) {
        removed =
          months.existing(month, ({ database, forget }) => {
            const count = removePiece(database, month, { keep, now });
            if (count > 0) forget();
            return count;
          }) ?? 0;
        deliveries += removed;
        yield;
      }
      for (let more = true; more;) {
        more = months.existing(month, ({ database }) => stripPiece(database, keep, now)) ?? false;
        yield;
      }
      const empty = months.existing(month, ({ database }) => pruneCounts(database, keep, now)) ?? false;
      if (empty && monthEnd(month) < now - keep.deliveries) {
        months.drop(month);
        removeFile(join(folder, name));
        files.push(name);
      }
      yield;
    }
    return { deliveries, files };
  };
}

/** A whole month at once. */
function emptyMonth({ database, forget }: Month): number {
  const count =
    numberAt(database.prepare('SELECT count(*) AS count FROM deliveries').get() ?? {}, 'count') ?? 0;
  if (count === 0) return 0;
  forget();
  database.exec(`BEGIN IMMEDIATE; DELETE FROM deliveries; DELETE FROM tags; DELETE FROM events; DELETE FROM chunks;
    INSERT INTO subjects (subjects) VALUES ('delete-all'); INSERT INTO replies (replies) VALUES ('delete-all');
    INSERT INTO recipients (recipients) VALUES ('delete-all'); COMMIT;
    VACUUM; PRAGMA wal_checkpoint(TRUNCATE)`);
  return count;
}

type Due = Readonly<{ keep: Keep; now: EpochMs }>;

/** Removes some deliveries that are kept no longer, and answers how many. */
function removePiece(database: Database, month: MonthName, { keep, now }: Due): number {
  const start = monthStart(month);
  const named = Object.entries(keep.users);
  const numberBefore = (ms: number): number => Math.max(0, now - ms - start) * ROWS_PER_MS;
  const own = named.map(([user, ms]) => [user, numberBefore(ms)] as const);
  const others = named.map(() => '?').join(', ');
  const where = [`(id < ? AND user NOT IN (${others}))`, ...own.map(() => '(user = ? AND id < ?)')];
  const ids = database
    .prepare(`SELECT id FROM deliveries WHERE ${where.join(' OR ')} LIMIT ${PIECE}`)
    .all(numberBefore(keep.deliveries), ...named.map(([user]) => user), ...own.flat())
    .flatMap((answer) => numberAt(answer, 'id') ?? []);
  if (ids.length > 0) transact(database, () => removeDeliveries(database, ids));
  return ids.length;
}

/** Takes conversations and visitors out of some old chunks; true when there may be more. */
function stripPiece(database: Database, keep: Keep, now: EpochMs): boolean {
  const due = [
    [CONVERSATIONS, now - keep.conversations],
    [VISITORS, now - keep.visitors],
  ] as const;
  const found = due.flatMap(([bit, before]) =>
    database
      .prepare(`SELECT chunk FROM chunks WHERE newest < ? AND stripped & ? = 0 LIMIT ${PIECE}`)
      .all(before, bit)
      .map((answer) => ({ bit, chunk: numberAt(answer, 'chunk') ?? 0 })),
  );
  if (found.length === 0) return false;
  const mark = database.prepare('UPDATE chunks SET stripped = stripped | ? WHERE chunk = ?');
  transact(database, () => {
    for (const { bit, chunk } of found) {
      const without = bit === CONVERSATIONS ? (['conversation'] as const) : visitorFields;
      changeChunk(database, chunk, (lines) => lines.map((line) => stripLine(line, without)));
      mark.run(bit, chunk);
    }
  });
  return true;
}

function stripLine(line: string, names: readonly string[]): string {
  if (!names.some((name) => line.includes(`"${name}":`))) return line;
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) return line;
  return JSON.stringify(Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name))));
}

/** Removes old counts; true when the file holds nothing at all any more. */
function pruneCounts(database: Database, keep: Keep, now: EpochMs): boolean {
  const remove = database.prepare('DELETE FROM counts WHERE interval = ? AND at < ?');
  transact(database, () => {
    for (const [number, interval] of intervals.entries()) {
      const before = Math.floor((now - keep[`${interval}s`]) / intervalMs[interval]);
      remove.run(number, before);
    }
  });
  const left = database.prepare(
    'SELECT (SELECT count(*) FROM (SELECT 1 FROM deliveries LIMIT 1)) + (SELECT count(*) FROM (SELECT 1 FROM counts LIMIT 1)) AS some',
  );
  return numberAt(left.get() ?? {}, 'some') === 0;
}
