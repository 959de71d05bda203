// Counts of one file: cells of a batch added to what is stored.
import { mergeTimes, packTimes } from '../buckets.ts';
import type { Cell } from '../cube.ts';
import { isBounded, MAX_KEYS, OTHERS } from '../keys.ts';
import { intervalMs, type Kept } from '../sets.ts';
import { countColumns, numberAt } from '../columns.ts';
import { intervals } from '../statistics.ts';
import type { Database } from './database.ts';

export type CountsWriter = Readonly<{
  add(cells: readonly Cell[], kept: Kept): void;
  /** Names of campaigns are told along. */
  name(account: string, campaign: string, name: string): void;
  forget(): void;
}>;

const MAX_KNOWN = 50_000;

export function makeCountsWriter(database: Database): CountsWriter {
  database.function('merge_times', { deterministic: true }, (a, b) =>
    a instanceof Uint8Array && b instanceof Uint8Array ? mergeTimes(a, b) : null,
  );
  const add = database.prepare(`INSERT INTO counts (interval, series, at, ${countColumns.join(', ')}, times)
    VALUES (?, ?, ?, ${countColumns.map(() => '?').join(', ')}, ?) ON CONFLICT DO UPDATE SET
    ${countColumns.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')},
    times = CASE WHEN excluded.times IS NULL THEN times WHEN times IS NULL THEN excluded.times
      ELSE merge_times(times, excluded.times) END`);
  const setName = database.prepare('INSERT OR REPLACE INTO names (account, campaign, name) VALUES (?, ?, ?)');
  const series = makeSeries(database);
  const named = new Map<string, string>();
  return {
    add: (cells, kept) => {
      for (const cell of cells) {
        const { interval, at, sums } = cell;
        if ((at + 1) * intervalMs[interval] <= kept[interval]) continue;
        const times = sums.times ? packTimes(sums.times) : null;
        add.run(intervals.indexOf(interval), series.numberOf(cell), at, ...sums.counts, times);
      }
    },
    name: (account, campaign, name) => {
      const key = `${account}\n${campaign}`;
      if (named.get(key) === name) return;
      if (named.size > MAX_KNOWN) named.clear();
      setName.run(account, campaign, name);
      named.set(key, name);
    },
    forget: () => {
      series.forget();
      named.clear();
    },
  };
}

type SeriesOf = Pick<Cell, 'of' | 'set' | 'kind' | 'account' | 'values' | 'key'>;

function makeSeries(database: Database): Readonly<{ numberOf(cell: SeriesOf): number; forget(): void }> {
  const where =
    'set_name = ? AND kind = ? AND account = ? AND user = ? AND domain = ? AND campaign = ? AND provider = ? AND transport = ? AND key = ?';
  const find = database.prepare(`SELECT id FROM series WHERE ${where}`);
  const insert = database.prepare(`INSERT INTO series
    (set_name, kind, account, user, domain, campaign, provider, transport, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const countKeys = database.prepare(
    "SELECT count(*) AS keys FROM series WHERE set_name = 'all' AND kind = ? AND account = ?",
  );
  let known = new WeakMap<object, number>();
  /** How many there are, by kind and account. */
  const keys = new Map<string, number>();
  const keysOf = ({ kind, account }: SeriesOf): number => {
    const id = `${kind} ${account}`;
    const count = keys.get(id) ?? numberAt(countKeys.get(kind, account) ?? {}, 'keys') ?? 0;
    if (keys.size > MAX_KNOWN) keys.clear();
    keys.set(id, count);
    return count;
  };
  const insertOne = (cell: SeriesOf, row: readonly string[]): number => {
    const number = Number(insert.run(...row).lastInsertRowid);
    if (cell.set === 'all' && isBounded(cell)) keys.set(`${cell.kind} ${cell.account}`, keysOf(cell) + 1);
    return number;
  };

  const numberOf = (cell: SeriesOf): number => {
    const { of, set, kind, account, values, key } = cell;
    const remembered = known.get(of);
    if (remembered !== undefined) return remembered;
    const { user, domain, campaign, provider, transport } = values;
    const row = [set, kind, account, user, domain, campaign, provider, transport, key];
    const found = numberAt(find.get(...row) ?? {}, 'id');
    const isExcess = found === undefined && isBounded(cell) && keysOf(cell) >= MAX_KEYS;
    const number = isExcess
      ? numberOf({ ...cell, of: {}, key: OTHERS[kind] ?? '' })
      : (found ?? insertOne(cell, row));
    known.set(of, number);
    return number;
  };
  const forget = (): void => {
    known = new WeakMap();
    keys.clear();
  };
  return { numberOf, forget };
}
