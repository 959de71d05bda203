// Small facts that a file of the history keeps about itself, by name.
import { textAt } from '../columns.ts';
import type { Database } from './database.ts';

export type Meta = Readonly<{
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  remove(name: string): void;
}>;

export function makeMeta(database: Database): Meta {
  const find = database.prepare('SELECT value FROM meta WHERE name = ?');
  const put = database.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM meta WHERE name = ?');
  return {
    get: (name) => textAt(find.get(name) ?? {}, 'value'),
    set: (name, value) => void put.run(name, value),
    remove: (name) => void remove.run(name),
  };
}
