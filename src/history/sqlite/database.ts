// SQLite, and how its files are opened; the only file that imports node:sqlite.
import { DatabaseSync, type StatementSync } from 'node:sqlite';

export type Database = DatabaseSync;
export type Statement = StatementSync;

/** How long to wait for another connection that writes, milliseconds. */
const BUSY_MS = 2000;
const PAGE_BYTES = 8192;
const CACHE_KIB = 32 * 1024;

/**
 * Opens a file for writing, and makes it where it is not there. What is committed is on the disk (WAL, synchronous=FULL). What
 * is deleted or moved is overwritten at once: rows move to other pages when one is full, and whoever is to be forgotten later
 * must not be left behind in the room that they had.
 */
export function openToWrite(path: string): Database {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
      PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a file that another connection may be writing. */
export function openToRead(path: string): Database {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY;`);
  return database;
}

/** Runs `work` as one transaction: all of it or nothing. */
export function transact<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** locked: somebody else writes it · full: no room on the disk · broken: the file is damaged, or no database at all. */
export type Trouble = 'locked' | 'full' | 'broken' | 'other';

/** Primary result codes of SQLite. */
const CODES: ReadonlyMap<number, Trouble> = new Map([
  [5, 'locked'], // SQLITE_BUSY
  [6, 'locked'], // SQLITE_LOCKED
  [13, 'full'], // SQLITE_FULL
  [11, 'broken'], // SQLITE_CORRUPT
  [26, 'broken'], // SQLITE_NOTADB
]);

/** What an error of SQLite means. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 'other';
  return CODES.get(error.errcode & 0xff) ?? 'other';
}
