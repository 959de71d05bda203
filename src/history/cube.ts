// Counts of a batch, summed up in memory before they are stored: first per minute and all values, then for each set. Pure.
import type { StoredRow } from './row.ts';
import { bases, intervalMs, sets, type Base } from './sets.ts';
import { counters, intervals, type Interval } from './statistics.ts';
import { addTimes, bucketOf, type Times } from './buckets.ts';
import type { Added, Kind, Tally } from './tally.ts';

/** One count to be added to what is stored under these values. */
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
export type Sums = Readonly<{ counts: number[]; times: Times }>;

export type Cube = Readonly<{
  add(row: StoredRow, tally: Tally): void;
  /** All that was added, each cell once; cells that came to nothing are left out. */
  cells(): readonly Cell[];
}>;

type Fine = Readonly<{
  minute: number;
  account: string;
  values: Readonly<Record<Base, string>>;
  kind: Kind;
  key: string;
  sums: Sums;
}>;

const NONE = '\u0000';
const numberOf: ReadonlyMap<string, number> = new Map(counters.map((counter, i) => [counter, i]));

export function makeCube(): Cube {
  const fine = new Map<string, Fine>();
  const addTo = (
    row: StoredRow,
    tally: Tally,
    one: Readonly<{ kind: Kind; key: string; added: Added }>,
  ): void => {
    const { account, user, domain, campaign = '' } = row;
    const { provider, transport, ms } = tally;
    const minute = Math.floor(tally.at / intervalMs.minute);
    const id = [minute, account, user, domain, campaign, provider, transport, one.kind, one.key].join(NONE);
    let found = fine.get(id);
    if (!found) {
      const values = { user, domain, campaign, provider, transport };
      found = { minute, account, values, kind: one.kind, key: one.key, sums: emptySums() };
      fine.set(id, found);
    }
    addCounts(found.sums.counts, one.added);
    const { times } = found.sums;
    if (ms !== undefined && one.added.delivered) times.set(bucketOf(ms), (times.get(bucketOf(ms)) ?? 0) + 1);
  };
  return {
    add: (row, tally) => {
      addTo(row, tally, { kind: '', key: '', added: tally.added });
      for (const one of tally.under) addTo(row, tally, one);
    },
    cells: () => rollUp([...fine.values()]),
  };
}

export function emptySums(): Sums {
  return { counts: counters.map(() => 0), times: new Map() };
}

function addCounts(counts: number[], added: Added): void {
  for (const [counter, count] of Object.entries(added)) {
    const at = numberOf.get(counter);
    if (at !== undefined) counts[at] = (counts[at] ?? 0) + count;
  }
}

function rollUp(all: readonly Fine[]): readonly Cell[] {
  const cells = new Map<string, Cell>();
  for (const one of all) {
    for (const set of sets) if (one.kind === '' || set.kinds) rollInto(cells, one, set);
  }
  return [...cells.values()].filter(({ sums }) => sums.counts.some((count) => count !== 0));
}

function rollInto(cells: Map<string, Cell>, one: Fine, { name, of, ...has }: (typeof sets)[number]): void {
  const { account, kind, key } = one;
  const values = only(of, one.values);
  const where = [name, account, ...bases.map((base) => values[base]), kind, key].join(NONE);
  for (const interval of intervals) {
    if (interval === 'minute' && (!has.fine || kind !== '')) continue;
    const at = Math.floor((one.minute * intervalMs.minute) / intervalMs[interval]);
    const id = `${where}${NONE}${interval}${at}`;
    const cell = cells.get(id);
    if (cell) addSums(cell.sums, one.sums);
    else cells.set(id, { set: name, account, values, kind, key, interval, at, sums: copySums(one.sums) });
  }
}

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

function addSums(to: Sums, from: Sums): void {
  for (let i = 0; i < from.counts.length; i++) to.counts[i] = (to.counts[i] ?? 0) + (from.counts[i] ?? 0);
  addTimes(to.times, from.times);
}

function copySums({ counts, times }: Sums): Sums {
  return { counts: [...counts], times: new Map(times) };
}
