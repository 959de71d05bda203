// Counts of a batch, summed up in memory for each set and interval before they are stored. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { StoredRow } from './row.ts';
import { addTimes, bucketOf, type Times } from './buckets.ts';
import { intervalMs, intervalsOf, sets, type Base, type Kept } from './sets.ts';
import { counters, intervals, type Interval } from './statistics.ts';
import type { Added, Kind, Tally } from './tally.ts';

/** Counts to be added to what is stored under these values. */
export type Cell = Readonly<{
  /** The same object for the same values and interval, for as long as they are remembered. */
  of: object;
  set: string;
  account: string;
  values: Readonly<Record<Base, string>>;
  kind: Kind;
  key: string;
  interval: Interval;
  /** Number of the interval since 1970. */
  at: number;
  sums: Sums;
}>;

/** Counts in the order of `counters`, and how long deliveries took. */
export type Sums = { readonly counts: number[]; times: Times | undefined };

export type Cube = Readonly<{
  /** Counts that are not kept any more need not be made. */
  add(row: StoredRow, tally: Tally, kept?: Kept): void;
  /** All that was added since the last time, each cell once; cells that came to nothing are left out. */
  take(): readonly Cell[];
}>;

/** Sums by the number of their interval; most events fall into the one before. */
type Row = { readonly unit: number; readonly cells: Map<number, Sums>; lastAt: number; last: Sums };

/** The cells of one set of values. */
type Line = Row & Readonly<{ of: Omit<Cell, 'of' | 'at' | 'sums'> }>;

/** What was added under one combination of values, as fine as any of its lines; only when it is taken it goes to all of them. */
type Pile = Row & Readonly<{ lines: readonly Line[] }>;

const NONE = '\0';
/** Combinations of values that are remembered from one batch to the next. */
const MAX_KNOWN = 20_000;
const ALL_KEPT: Kept = { minute: 0, hour: 0, day: 0 };
const ZEROS = counters.map(() => 0);
const numberOf: ReadonlyMap<string, number> = new Map(counters.map((counter, i) => [counter, i]));

export function makeCube(): Cube {
  const known = new Map<string, Map<string, Pile>>();
  const lines = new Map<string, Line>();
  const touched = new Set<Pile>();
  let count = 0;

  const add = (row: StoredRow, tally: Tally, kept = ALL_KEPT): void => {
    const own = pilesOf(known, row, tally);
    const unit = unitOf(tally.at, kept);
    const bucket = tally.ms === undefined ? -1 : bucketOf(tally.ms);
    const put = ({ kind, key, added }: Tally['under'][number]): void => {
      const id = `${tally.moves ?? ''}${unit}${kind} ${key}`;
      let pile = own.get(id);
      if (!pile) {
        pile = makePile(lines, { row, tally, kind, key }, unit);
        own.set(id, pile);
        count++;
      }
      if (pile.cells.size === 0) touched.add(pile);
      addTo(cellOf(pile, Math.floor(tally.at / pile.unit)), added, bucket);
    };
    put({ kind: '', key: '', added: tally.added });
    for (const one of tally.under) put(one);
  };

  const take = (): readonly Cell[] => {
    const full = new Set<Line>();
    for (const pile of touched) spread(pile, full);
    touched.clear();
    const cells: Cell[] = [];
    for (const line of full) takeCells(line, cells);
    if (count > MAX_KNOWN) {
      known.clear();
      lines.clear();
      count = 0;
    }
    return cells;
  };
  return { add, take };
}

function pilesOf(
  known: Map<string, Map<string, Pile>>,
  { account, user, domain, campaign = '' }: StoredRow,
  { provider, transport }: Tally,
): Map<string, Pile> {
  const id = [account, user, domain, campaign, provider, transport].join(NONE);
  const found = known.get(id);
  if (found) return found;
  const made = new Map<string, Pile>();
  known.set(id, made);
  return made;
}

/** The finest interval at this moment whose counts are kept. */
function unitOf(at: EpochMs, kept: Kept): number {
  const interval = intervals.find(
    (one) => (Math.floor(at / intervalMs[one]) + 1) * intervalMs[one] > kept[one],
  );
  return intervalMs[interval ?? 'day'];
}

type Combination = Readonly<{ row: StoredRow; tally: Tally; kind: Kind; key: string }>;

/** What only moves concerns no line but those that tell providers or transports apart. */
function makePile(known: Map<string, Line>, { row, tally, kind, key }: Combination, unit: number): Pile {
  const { account, user, domain, campaign = '' } = row;
  const { provider, transport, moves } = tally;
  const values = { user, domain, campaign, provider, transport };
  const lines = sets.flatMap((set) => {
    if (moves && !set.of.includes('provider') && !set.of.includes('transport')) return [];
    const of = { set: set.name, account, values: only(set.of, values), kind, key };
    return intervalsOf(set, kind).map((interval) => lineOf(known, { ...of, interval }));
  });
  const fine = lines.filter((line) => line.unit >= unit);
  return { ...newRow(Math.min(...fine.map((line) => line.unit))), lines: fine };
}

/** Other combinations may share it. */
function lineOf(known: Map<string, Line>, of: Line['of']): Line {
  const { set, interval, account, values, kind, key } = of;
  const id = [set, interval, account, ...Object.values(values), kind, key].join(NONE);
  const found = known.get(id);
  if (found) return found;
  const made = { ...newRow(intervalMs[interval]), of };
  known.set(id, made);
  return made;
}

function newRow(unit: number): Row {
  return { unit, cells: new Map(), lastAt: -1, last: emptySums() };
}

function emptySums(): Sums {
  return { counts: ZEROS.slice(), times: undefined };
}

function cellOf(row: Row, number: number): Sums {
  if (number !== row.lastAt) {
    row.lastAt = number;
    row.last = row.cells.get(number) ?? emptySums();
    row.cells.set(number, row.last);
  }
  return row.last;
}

function addTo(sums: Sums, added: Added, bucket: number): void {
  const { counts } = sums;
  for (const [name, count] of Object.entries(added)) addCount(counts, numberOf.get(name) ?? 0, count);
  if (bucket < 0 || added.delivered === undefined) return;
  sums.times ??= new Map();
  sums.times.set(bucket, (sums.times.get(bucket) ?? 0) + 1);
}

function addCount(counts: number[], i: number, count: number): void {
  counts[i] = (counts[i] ?? 0) + count;
}

/** Empties a pile into its lines. */
function spread(pile: Pile, into: Set<Line>): void {
  for (const [number, { counts, times }] of pile.cells) {
    const some = counts.flatMap((count, i) => (count === 0 ? [] : [i]));
    for (const line of pile.lines) {
      const sums = cellOf(line, Math.floor((number * pile.unit) / line.unit));
      for (const i of some) addCount(sums.counts, i, counts[i] ?? 0);
      if (times) addTimes((sums.times ??= new Map()), times);
      into.add(line);
    }
  }
  pile.cells.clear();
  pile.lastAt = -1;
}

function takeCells(line: Line, into: Cell[]): void {
  for (const [at, sums] of line.cells)
    if (sums.counts.some(isSome)) into.push({ ...line.of, of: line.of, at, sums });
  line.cells.clear();
  line.lastAt = -1;
}

const isSome = (count: number): boolean => count !== 0;

function only(of: readonly Base[], values: Readonly<Record<Base, string>>): Readonly<Record<Base, string>> {
  const pick = (base: Base): string => (of.includes(base) ? values[base] : '');
  return {
    user: pick('user'),
    domain: pick('domain'),
    campaign: pick('campaign'),
    provider: pick('provider'),
    transport: pick('transport'),
  };
}
