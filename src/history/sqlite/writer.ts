// The writing side of the history in SQLite: batches go to the files of their months, and how far all are is known by the main one.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '../../lib/clock.ts';
import type { Keep } from '../config.ts';
import type { Place, Pruned, Recorded } from '../history.ts';
import { placeText, readPlace } from '../place.ts';
import { acceptedAt } from '../row.ts';
import { readKept } from '../sets.ts';
import type { Veil } from '../veil.ts';
import { numberAt } from '../columns.ts';
import { openToWrite, troubleOf, type Database } from './database.ts';
import { makeEraser } from './erase.ts';
import { makeMeta, type Meta } from './meta.ts';
import { openMonth, type Month } from './month.ts';
import { fileName, MAIN_FILE, monthFiles, monthOf, setAside, type MonthName } from './months.ts';
import { makePruner } from './prune.ts';
import { makeTables } from './schema.ts';

export type Writer = Readonly<{
  take(batch: readonly Recorded[]): void;
  cursor(): Place | undefined;
  forget(account: string, address: string): number;
  /** One piece of the work at a time, so that batches come in between. */
  prune(now: EpochMs): Generator<undefined, Pruned>;
  /** Keeps everybody else from writing a month's file until `unlock`; false where there is none. */
  lock(month: MonthName): boolean;
  unlock(): undefined;
  close(): void;
}>;

export type WriterOptions = Readonly<{ folder: string; keep: Keep; veil: Veil }>;

const MAX_OPEN = 6;

/** Opens the history in `folder`, and makes it where it is not there. A damaged file is put aside and filled from the event log. */
export function openWriter({ folder, keep, veil }: WriterOptions): Writer {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const main = openMain(folder);
  const months = makeMonths(folder, main.meta);
  lookAtAll(months);
  const cursor = (): Place | undefined => readPlace(main.meta.get('cursor'));

  const take = (batch: readonly Recorded[]): void => {
    const last = batch.at(-1)?.cursor;
    if (!last) return;
    const mine = batch.filter(({ event }) => event.delivery !== '');
    const veiled = mine.map(({ cursor, event }) => ({ cursor, event: veil.event(event) }));
    for (const [month, own] of Map.groupBy(veiled, ({ event }) => monthOf(acceptedAt(event))))
      months.write(month, ({ take: takeAll }) => takeAll(own, readKept(main.meta.get)));
    main.meta.set('cursor', placeText(last));
    if (main.meta.get('problem') !== undefined) main.meta.remove('problem');
  };

  const { lock, unlock } = makeLock(months);
  return {
    take,
    cursor,
    forget: (account, address) => {
      const erase = makeEraser(veil.recipients(address), account);
      return months.names().reduce((sum, month) => sum + (months.write(month, erase) ?? 0), 0);
    },
    prune: makePruner({ folder, keep, meta: main.meta, months }),
    lock,
    unlock,
    close: () => {
      unlock();
      months.close();
      main.close();
    },
  };
}

/** One month's file at a time. */
function makeLock(months: Months): Pick<Writer, 'lock' | 'unlock'> {
  let locked: Readonly<{ month: MonthName; database: Database }> | undefined;
  return {
    lock: (month) => {
      locked = months.existing(month, ({ database }) => {
        database.exec('BEGIN IMMEDIATE');
        return { month, database };
      });
      return locked !== undefined;
    },
    unlock: () => {
      if (locked?.database.isTransaction) locked.database.exec('ROLLBACK');
      if (locked) months.drop(locked.month);
      locked = undefined;
      return undefined;
    },
  };
}

/** Files of an older version become of this one, which readers wait for; a damaged one is put aside. */
function lookAtAll(months: Months): void {
  for (const month of months.names())
    try {
      months.existing(month, () => undefined);
    } catch {
      // Whoever writes it will hear of it again.
    }
}

function openMain(folder: string): Readonly<{ meta: Meta; close(): void }> {
  const path = join(folder, MAIN_FILE);
  const open = (): Database => {
    const database = openToWrite(path);
    // It may be behind the files of the months after a power cut, never before them: they pass over what they have.
    database.exec('PRAGMA synchronous = NORMAL');
    makeTables(database, 'main');
    return database;
  };
  const database = ((): Database => {
    try {
      return open();
    } catch (error) {
      if (troubleOf(error) !== 'broken') throw error;
      setAside(folder, MAIN_FILE);
      return open();
    }
  })();
  return { meta: makeMeta(database), close: () => database.close() };
}

export type Months = Readonly<{
  names(): readonly MonthName[];
  /** Runs `work` on the month's file, which is made where there is none. Throws when it was replaced meanwhile. */
  write<T>(month: MonthName, work: (month: Month) => T): T;
  existing<T>(month: MonthName, work: (month: Month) => T): T | undefined;
  /** Closes the month's file, so that it may be removed. */
  drop(month: MonthName): void;
  close(): void;
}>;

type Opened = Readonly<{ name: string; month: Month; version(): number | undefined }> & {
  seen: number | undefined;
};

function makeMonths(folder: string, meta: Meta): Months {
  const open = new Map<MonthName, Opened>();
  const currentName = (month: MonthName): string | undefined =>
    monthFiles(folder).find((file) => file.month === month)?.name;
  const drop = (month: MonthName): void => {
    const known = open.get(month);
    open.delete(month);
    known?.month.close();
  };

  const openedOf = (month: MonthName): Opened => {
    const name = currentName(month) ?? fileName(month);
    const known = open.get(month);
    if (known?.name === name) return known;
    drop(month);
    if (open.size >= MAX_OPEN) drop(oldestOf(open));
    const opened = makeOpened(openMonth(join(folder, name), month), name);
    open.set(month, opened);
    return opened;
  };

  const write = <T>(month: MonthName, work: (month: Month) => T): T => {
    try {
      const opened = openedOf(month);
      const result = workOn(opened, work);
      if (currentName(month) !== opened.name)
        throw new Error(`The history's file of ${month} was made anew meanwhile.`);
      return result;
    } catch (error) {
      drop(month);
      if (troubleOf(error) === 'broken') putAside(folder, meta, currentName(month));
      throw error;
    }
  };
  return {
    names: () => monthFiles(folder).map(({ month }) => month),
    write,
    existing: (month, work) => (currentName(month) === undefined ? undefined : write(month, work)),
    drop,
    close: () => {
      for (const month of open.keys()) drop(month);
    },
  };
}

function workOn<T>(opened: Opened, work: (month: Month) => T): T {
  // Another process wrote it: what is in memory may be old.
  if (opened.version() !== opened.seen) opened.month.forget();
  opened.seen = opened.version();
  return work(opened.month);
}

function makeOpened(month: Month, name: string): Opened {
  const ask = month.database.prepare('PRAGMA data_version');
  const version = (): number | undefined => numberAt(ask.get() ?? {}, 'data_version');
  return { month, name, version, seen: version() };
}

/** The oldest month: the least is still told of its mail. */
function oldestOf(open: ReadonlyMap<MonthName, Opened>): MonthName {
  return [...open.keys()].sort()[0] ?? '';
}

/** All is read again from the oldest event: the other files pass over what they have. */
function putAside(folder: string, meta: Meta, name: string | undefined): void {
  if (name === undefined) return;
  const aside = setAside(folder, name);
  meta.remove('cursor');
  meta.set(
    'problem',
    `The file ${name} of the history was damaged and is now called ${aside}; what the event log still has is filled in again.`,
  );
}
