// Taking out of a month's file what must not be there any more: deliveries as a whole, or what is personal of them.
import { FORGOTTEN, forgotten, forgottenRow } from '../veil.ts';
import { leanEvent, wholeEvent } from '../stored-event.ts';
import type { StoredRow } from '../row.ts';
import { packLines, readLines } from './chunks.ts';
import { bytesAt, numberAt, storedRow, textAt } from '../columns.ts';
import { transact, type Database } from './database.ts';
import type { Month } from './month.ts';

const BATCH = 500;

/** Forgets recipients of an account in a file; answers how many deliveries it were. */
export function makeEraser(addresses: readonly string[], account: string): (month: Month) => number {
  return ({ database, forget }) => {
    forget();
    const marks = addresses.map(() => '?').join(', ');
    const found = database
      .prepare(`SELECT * FROM deliveries WHERE recipient IN (${marks}) AND account = ?`)
      .all(...addresses, account)
      .map((answer) => ({ id: numberAt(answer, 'id') ?? 0, row: storedRow(answer) }));
    if (found.length === 0) return 0;
    for (let i = 0; i < found.length; i += BATCH) {
      const batch = found.slice(i, i + BATCH);
      transact(database, () => forgetAll(database, batch));
    }
    // What was taken out must not stay in the log beside the file.
    database.exec(`INSERT INTO subjects (subjects) VALUES ('optimize'); INSERT INTO replies (replies) VALUES ('optimize');
      INSERT INTO recipients (recipients) VALUES ('optimize');
      PRAGMA wal_checkpoint(TRUNCATE)`);
    return found.length;
  };
}

function forgetAll(database: Database, found: readonly Readonly<{ id: number; row: StoredRow }>[]): void {
  const clear = database.prepare(`UPDATE deliveries SET recipient = ?, recipient_domain = '', subject = NULL,
    message_id = NULL, metadata = NULL, reason = NULL, reply = NULL, site = NULL WHERE id = ?`);
  const words = ['subjects', 'replies', 'recipients'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE rowid = ?`),
  );
  const rows = new Map(found.map(({ id, row }) => [id, row]));
  rewriteEvents(database, [...rows.keys()], (line, name, id) => {
    const row = rows.get(id);
    const event = row && wholeEvent(line, name, row);
    return event ? leanEvent(forgotten(event), forgottenRow(row)) : '';
  });
  for (const { id } of found) {
    clear.run(FORGOTTEN, id);
    for (const table of words) table.run(id);
  }
}

/** Removes deliveries with all that is kept of them; counts stay. Part of a transaction of the caller. */
export function removeDeliveries(database: Database, ids: readonly number[]): void {
  rewriteEvents(database, ids, () => '');
  const tables = [
    ['events', 'id'],
    ['subjects', 'rowid'],
    ['replies', 'rowid'],
    ['recipients', 'rowid'],
    ['deliveries', 'id'],
  ] as const;
  const tags = database.prepare('SELECT tags FROM deliveries WHERE id = ?');
  const tag = database.prepare('DELETE FROM tags WHERE tag = ? AND id = ?');
  const removes = tables.map(([table, key]) => database.prepare(`DELETE FROM ${table} WHERE ${key} = ?`));
  for (const id of ids) {
    const listed: unknown = JSON.parse(textAt(tags.get(id) ?? {}, 'tags') ?? '[]');
    if (Array.isArray(listed)) for (const one of listed) tag.run(String(one), id);
    for (const remove of removes) remove.run(id);
  }
}

type Rewrite = (line: string, name: string, id: number) => string;

/** Every line of these deliveries' events becomes what `rewrite` says; "" erases it. */
function rewriteEvents(database: Database, ids: readonly number[], rewrite: Rewrite): void {
  const find = database.prepare('SELECT name, chunk, line FROM events WHERE id = ?');
  const places = ids.flatMap((id) =>
    find.all(id).map((answer) => ({
      id,
      name: textAt(answer, 'name') ?? '',
      chunk: numberAt(answer, 'chunk') ?? 0,
      line: numberAt(answer, 'line') ?? 0,
    })),
  );
  for (const [chunk, own] of Map.groupBy(places, (place) => place.chunk))
    changeChunk(database, chunk, (lines) => {
      for (const { line, name, id } of own) lines[line] = rewrite(lines[line] ?? '', name, id);
      return lines;
    });
}

/** Writes a chunk anew; one without any line goes. */
export function changeChunk(
  database: Database,
  chunk: number,
  change: (lines: string[]) => readonly string[],
): void {
  const body = bytesAt(database.prepare('SELECT body FROM chunks WHERE chunk = ?').get(chunk) ?? {}, 'body');
  if (!body) return;
  const lines = change([...readLines(body)]);
  if (lines.every((line) => line === '')) database.prepare('DELETE FROM chunks WHERE chunk = ?').run(chunk);
  else database.prepare('UPDATE chunks SET body = ? WHERE chunk = ?').run(packLines(lines), chunk);
}
