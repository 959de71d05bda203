// The reading side of the history in SQLite: opens the files of the months as they are asked for.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { timeOfId } from '../../lib/ids.ts';
import type { HistoryState, Place } from '../history.ts';
import { readPlace } from '../place.ts';
import type { Owner } from '../../model/owner.ts';
import type { DeliveryRow, Message, Page, SearchQuery } from '../search.ts';
import type { Statistics, StatisticsQuery } from '../statistics.ts';
import { readKept } from '../sets.ts';
import type { Veil } from '../veil.ts';
import { addPacked, newTimeSums, packSums } from '../buckets.ts';
import { numberAt, textAt } from '../columns.ts';
import { openToRead, type Database } from './database.ts';
import { find } from './find.ts';
import { bytesOf, MAIN_FILE, monthFiles, monthOf, monthStart, type MonthName } from './months.ts';
import { ROWS_PER_MS, VERSION, versionOf } from './schema.ts';
import { storyOf } from './story.ts';
import { sumUp } from './sum.ts';

export type Reader = Readonly<{
  search(query: SearchQuery): Page<DeliveryRow>;
  timeline(id: string, owner: Partial<Owner>): Message | undefined;
  statistics(query: StatisticsQuery): Statistics;
  reached(): Place | undefined;
  state(): HistoryState;
  close(): void;
}>;

export function openReader({ folder, veil }: Readonly<{ folder: string; veil: Veil }>): Reader {
  const { openName, months, close } = makeFiles(folder);
  const meta = (name: string): string | undefined =>
    textAt(openName(MAIN_FILE)?.prepare('SELECT value FROM meta WHERE name = ?').get(name) ?? {}, 'value');

  return {
    search: (query) => {
      const { names, open } = months();
      return find(names, open, { query, veil });
    },
    timeline: (id, owner) => {
      const { names, open } = months();
      const made = timeOfId(id);
      const asked = made === undefined ? names : [monthOf(made)];
      for (const month of asked) {
        const database = open(month);
        const story = database && storyOf(database, id, owner);
        if (story) return story;
      }
      return undefined;
    },
    statistics: (query) => {
      const { names, open } = months();
      return sumUp(names, open, { query, kept: readKept(meta) });
    },
    reached: () => {
      months();
      return readPlace(meta('cursor'));
    },
    state: () => {
      const { names, open } = months();
      return stateOf({ folder, names, open, meta });
    },
    close,
  };
}

type Listed = Readonly<{ names: readonly MonthName[]; open(month: MonthName): Database | undefined }>;
type Files = Readonly<{
  /** undefined: not there, or not yet. */
  openName(name: string): Database | undefined;
  /** Files that are there now; those of another generation are closed. */
  months(): Listed;
  close(): void;
}>;

function makeFiles(folder: string): Files {
  const opened = new Map<string, Database>();
  const openName = (name: string): Database | undefined => {
    const known = opened.get(name);
    if (known) return known;
    if (!existsSync(join(folder, name))) return undefined;
    const database = openToRead(join(folder, name));
    // It was made a moment ago, or is of an older version: whoever writes it will change that.
    if (versionOf(database) < VERSION) {
      database.close();
      return undefined;
    }
    addTimesTo(database);
    opened.set(name, database);
    return database;
  };
  const months = (): Listed => {
    const files = new Map(monthFiles(folder).map(({ month, name }) => [month, name]));
    const names = new Set([...files.values(), MAIN_FILE]);
    for (const [name, database] of opened)
      if (!names.has(name)) {
        opened.delete(name);
        database.close();
      }
    return {
      names: [...files.keys()],
      open: (month) => {
        const name = files.get(month);
        return name === undefined ? undefined : openName(name);
      },
    };
  };
  const close = (): void => {
    for (const database of opened.values()) database.close();
    opened.clear();
  };
  return { openName, months, close };
}

/** How long deliveries took, of several rows as one. */
function addTimesTo(database: Database): void {
  database.aggregate<Float64Array>('add_times', {
    start: newTimeSums,
    step: (sums, bytes) => {
      if (sums instanceof Float64Array && bytes instanceof Uint8Array) addPacked(sums, bytes);
      return sums;
    },
    result: (sums) => (sums instanceof Float64Array ? (packSums(sums) ?? null) : null),
  });
}

type Looking = Readonly<{
  folder: string;
  names: readonly MonthName[];
  open(month: MonthName): Database | undefined;
  meta(name: string): string | undefined;
}>;

function stateOf({ folder, names, open, meta }: Looking): HistoryState {
  const files = names.map((month) => {
    const database = open(month);
    const asked = database
      ?.prepare('SELECT count(*) AS count, min(id) AS first, max(id) AS last FROM deliveries')
      .get();
    const at = (name: string): number | undefined => {
      const id = numberAt(asked ?? {}, name);
      return id === undefined ? undefined : monthStart(month) + Math.floor(id / ROWS_PER_MS);
    };
    return { month, count: numberAt(asked ?? {}, 'count') ?? 0, first: at('first'), last: at('last') };
  });
  const listed = monthFiles(folder).map(({ month, name }) => ({
    name,
    bytes: bytesOf(join(folder, name)),
    deliveries: files.find((file) => file.month === month)?.count ?? 0,
  }));
  const oldest = files.findLast(({ first }) => first !== undefined)?.first;
  const newest = files.find(({ last }) => last !== undefined)?.last;
  const problem = meta('problem');
  return {
    kind: 'sqlite',
    cursor: readPlace(meta('cursor')),
    deliveries: files.reduce((sum, { count }) => sum + count, 0),
    ...(oldest === undefined ? {} : { oldest }),
    ...(newest === undefined ? {} : { newest }),
    bytes: listed.reduce((sum, { bytes }) => sum + bytes, bytesOf(join(folder, MAIN_FILE))),
    files: listed,
    ...(problem === undefined ? {} : { problem }),
  };
}
