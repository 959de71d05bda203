// Counts of a batch, summed up in memory for each set and interval before they are stored. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { StoredRow } from './row.ts';
import { bucketOf, type Times } from './buckets.ts';
import { intervalMs, intervalsOf, sets, type Base } from './sets.ts';
import { counters, type Interval } from './statistics.ts';
import type { Added, Kind, Tally } from './tally.ts';

/** Counts to be added to what is stored under these values. */
export type Cell = Readonly<{
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
  add(row: StoredRow, tally: Tally): void;
  /** All that was added since the last time, each cell once; cells that came to nothing are left out. */
  take(): readonly Cell[];
}>;

/** The cells of one set of values in one interval; most events fall into the one before. */
type Line = {
  readonly of: Omit<Cell, 'at' | 'sums'>;
  readonly unit: number;
  readonly cells: Map<number, Sums>;
  lastAt: number;
  last: Sums;
};

const NONE = '\0';
/** Combinations of values that are remembered from one batch to the next. */
const MAX_KNOWN = 20_000;
const ZEROS = counters.map(() => 0);
const numberOf: ReadonlyMap<string, number> = new Map(counters.map((counter, i) => [counter, i]));

export function makeCube(): Cube {
  const lines = new Map<string, Line>();
  /** Of each combination of values that occurs, the lines that it is counted in. */
  const known = new Map<string, Lines>();

  const touched = new Set<Line>();

  const linesOf = (row: StoredRow, { provider, transport }: Tally, kind: Kind, key: string): Lines => {
    const { account, user, domain, campaign = '' } = row;
    const id =
      account +
      NONE +
      user +
      NONE +
      domain +
      NONE +
      campaign +
      NONE +
      provider +
      NONE +
      transport +
      NONE +
      kind +
      key;
    const found = known.get(id);
    if (found) return found;
    const made = makeLines(lines, {
      account,
      kind,
      key,
      values: { user, domain, campaign, provider, transport },
    });
    known.set(id, made);
    return made;
  };
  const addAll = (row: StoredRow, tally: Tally, one: Tally['under'][number]): void => {
    const { all: every, routed } = linesOf(row, tally, one.kind, one.key);
    const pairs = pairsOf(one.added);
    const bucket = tally.ms === undefined || one.added.delivered === undefined ? -1 : bucketOf(tally.ms);
    for (const line of tally.moves ? routed : every) {
      if (line.cells.size === 0) touched.add(line);
      addTo(line, tally.at, pairs, bucket);
    }
  };
  return {
    add: (row, tally) => {
      addAll(row, tally, { kind: '', key: '', added: tally.added });
      for (const one of tally.under) addAll(row, tally, one);
    },
    take: () => {
      const cells: Cell[] = [];
      for (const line of touched) takeCells(line, cells);
      touched.clear();
      if (known.size > MAX_KNOWN) {
        known.clear();
        lines.clear();
      }
      return cells;
    },
  };
}

/** `routed`: those that tell providers or transports apart. */
type Lines = Readonly<{ all: readonly Line[]; routed: readonly Line[] }>;

function emptySums(): Sums {
  return { counts: ZEROS.slice(), times: undefined };
}

type Combination = Pick<Cell, 'account' | 'kind' | 'key' | 'values'>;

/** Lines of all sets, which other combinations may share. */
function makeLines(known: Map<string, Line>, { account, kind, key, values }: Combination): Lines {
  const made = sets.flatMap((set) => {
    const own = only(set.of, values);
    return intervalsOf(set, kind).map((interval) => {
      const id = [set.name, interval, account, ...Object.values(own), kind, key].join(NONE);
      const line = known.get(id) ?? {
        of: { set: set.name, account, values: own, kind, key, interval },
        unit: intervalMs[interval],
        cells: new Map<number, Sums>(),
        lastAt: -1,
        last: emptySums(),
      };
      known.set(id, line);
      return { line, routed: set.of.includes('provider') || set.of.includes('transport') };
    });
  });
  return {
    all: made.map(({ line }) => line),
    routed: made.filter(({ routed }) => routed).map(({ line }) => line),
  };
}

type Pair = readonly [counter: number, count: number];

function pairsOf(added: Added): readonly Pair[] {
  const pairs: Pair[] = [];
  for (const [name, count] of Object.entries(added)) pairs.push([numberOf.get(name) ?? 0, count]);
  return pairs;
}

function addTo(line: Line, at: EpochMs, pairs: readonly Pair[], bucket: number): void {
  const number = Math.floor(at / line.unit);
  if (number !== line.lastAt) {
    line.lastAt = number;
    line.last = line.cells.get(number) ?? emptySums();
    line.cells.set(number, line.last);
  }
  const { counts } = line.last;
  for (const [counter, count] of pairs) counts[counter] = (counts[counter] ?? 0) + count;
  if (bucket < 0) return;
  const times = (line.last.times ??= new Map());
  times.set(bucket, (times.get(bucket) ?? 0) + 1);
}

function takeCells(line: Line, into: Cell[]): void {
  for (const [at, sums] of line.cells) if (sums.counts.some(isSome)) into.push({ ...line.of, at, sums });
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
