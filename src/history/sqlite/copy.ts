// Copies the history in SQLite to another folder, file by file, while it is written.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openToRead } from './database.ts';
import { MAIN_FILE, monthFiles } from './months.ts';

/**
 * Each file is copied as it is at one moment. The main one, which knows how far the history is, goes first: what the others
 * have beyond that is read again from the event log, and passed over. Blocks this thread: for commands. Throws errors of SQLite.
 */
export function copySqliteHistory(folder: string, to: string): void {
  const names = [MAIN_FILE, ...monthFiles(folder).map(({ name }) => name)];
  for (const name of names.filter((one) => existsSync(join(folder, one)))) {
    const database = openToRead(join(folder, name));
    try {
      database.prepare('VACUUM INTO ?').run(join(to, name));
    } finally {
      database.close();
    }
  }
}
