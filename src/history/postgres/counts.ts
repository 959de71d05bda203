// Counts: cells of a batch added to what is stored, and names of campaigns.
import { createHash } from 'node:crypto';
import type { EpochMs } from '../../lib/clock.ts';
import { mergeTimes, packTimes } from '../buckets.ts';
import { bytesAt, countColumns, numberAt } from '../columns.ts';
import type { Cell } from '../cube.ts';
import { isBounded, MAX_KEYS, OTHERS } from '../keys.ts';
import { intervalMs, type Kept } from '../sets.ts';
import { intervals } from '../statistics.ts';
import type { Ask } from './driver.ts';
import { byKeys } from './keys.ts';
import { cleanText } from './params.ts';

export type CountsWriter = Readonly<{
  /** `epoch` is another one when series were removed. */
  add(ask: Ask, cells: readonly Cell[], at: Readonly<{ kept: Kept; epoch: string }>): Promise<void>;
  /** What was remembered may not be what is stored. */
  forget(): void;
}>;

const MAX_KNOWN = 50_000;

export function makeCountsWriter(): CountsWriter {
  const known = new Map<string, string>();
  let knownOf = '';
  return {
    add: async (ask, cells, { kept, epoch }) => {
      if (epoch !== knownOf || known.size > MAX_KNOWN) known.clear();
      knownOf = epoch;
      const due = cells.filter(({ interval, at }) => (at + 1) * intervalMs[interval] > kept[interval]);
      const counted = await placeAll(ask, known, due);
      if (counted.length > 0) await addCounts(ask, counted);
    },
    forget: () => known.clear(),
  };
}

type Counted = Readonly<{ series: string; cell: Cell }>;

/** Each cell with the number of its series, which is stored where it is new. */
async function placeAll(
  ask: Ask,
  known: Map<string, string>,
  cells: readonly Cell[],
): Promise<readonly Counted[]> {
  const fresh = new Map<string, Readonly<{ id: string; row: readonly string[]; month: number }>>();
  const bounded = await makeKeyLimit(ask, known, cells);
  const placed = cells.map((cell) => {
    const of = bounded(cell);
    const row = rowOf(of);
    const text = row.join('\0');
    const found = known.get(text);
    const id = found ?? hashOf(text);
    if (found === undefined) fresh.set(text, { id, row, month: monthNumber(of) });
    known.set(text, id);
    return { series: id, cell: of };
  });
  if (fresh.size > 0) await addSeries(ask, [...fresh.values()]);
  return mergeSame(placed);
}

function rowOf({ set, kind, account, values, key }: Cell): readonly string[] {
  const { user, domain, campaign, provider, transport } = values;
  return [set, kind, account, user, domain, campaign, provider, transport, key].map(cleanText);
}

/** The same for the same values, in any process: nobody has to be asked for it. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest().readBigInt64BE().toString();
}

/** Months since 1970. */
function monthNumber({ interval, at }: Cell): number {
  return monthOfMs(at * intervalMs[interval]);
}

export function monthOfMs(ms: EpochMs): number {
  const date = new Date(ms);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** Where an account has too many links or tags in a month, a new one is counted with the others. */
async function makeKeyLimit(
  ask: Ask,
  known: ReadonlyMap<string, string>,
  cells: readonly Cell[],
): Promise<(cell: Cell) => Cell> {
  const isNew = (cell: Cell): boolean => isBounded(cell) && !known.has(rowOf(cell).join('\0'));
  const fresh = cells.filter(isNew);
  if (fresh.length === 0) return (cell) => cell;
  const ids = fresh.map((cell) => hashOf(rowOf(cell).join('\0')));
  const [there, perMonth] = [
    await ask('SELECT id::text AS id FROM postino.series WHERE id = ANY($1::bigint[])', [ids]),
    await ask(
      `SELECT kind, account, since, count(*) AS keys FROM postino.series
        WHERE set_name = 'all' AND kind = ANY($1::text[]) GROUP BY kind, account, since`,
      [Object.keys(OTHERS)],
    ),
  ];
  const stored = new Set(there.map((answer) => String(answer['id'])));
  const placeOf = (kind: unknown, account: unknown, month: unknown): string =>
    [kind, account, month].join('\0');
  const counts = new Map(
    perMonth.map((one) => [placeOf(one['kind'], one['account'], one['since']), numberAt(one, 'keys') ?? 0]),
  );
  return (cell) => {
    if (!isNew(cell) || stored.has(hashOf(rowOf(cell).join('\0')))) return cell;
    const many = counts.get(placeOf(cell.kind, cleanText(cell.account), monthNumber(cell))) ?? 0;
    return many >= MAX_KEYS ? { ...cell, key: OTHERS[cell.kind] ?? '' } : cell;
  };
}

async function addSeries(
  ask: Ask,
  fresh: readonly Readonly<{ id: string; row: readonly string[]; month: number }>[],
): Promise<void> {
  const columns = Array.from({ length: 9 }, (_, i) => fresh.map(({ row }) => row[i] ?? ''));
  const kinds = ['bigint[]', ...columns.map(() => 'text[]'), 'integer[]'];
  await ask(
    `INSERT INTO postino.series (id, set_name, kind, account, "user", domain, campaign, provider, transport, key, since)
      SELECT * FROM unnest(${kinds.map((kind, i) => `$${i + 1}::${kind}`).join(', ')}) ON CONFLICT DO NOTHING`,
    [fresh.map(({ id }) => id), ...columns, fresh.map(({ month }) => month)],
  );
}

/** Keys that became one are one cell: a statement may touch a row only once. */
function mergeSame(counted: readonly Counted[]): readonly Counted[] {
  const byPlace = new Map<string, Counted>();
  for (const one of counted) {
    const place = `${one.series} ${one.cell.interval} ${one.cell.at}`;
    const before = byPlace.get(place);
    byPlace.set(place, before ? { series: one.series, cell: addCells(before.cell, one.cell) } : one);
  }
  return [...byPlace.values()];
}

function addCells(a: Cell, b: Cell): Cell {
  const counts = a.sums.counts.map((count, i) => count + (b.sums.counts[i] ?? 0));
  return { ...a, sums: { counts, times: a.sums.times ?? b.sums.times } };
}

const numbers = countColumns.map((_, i) => `$${i + 4}::integer[]`).join(', ');
const ADD = `INSERT INTO postino.counts AS c (series, interval, at, ${countColumns.join(', ')}, times)
  SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], ${numbers}, $${countColumns.length + 4}::bytea[])
  ON CONFLICT (series, interval, at) DO UPDATE SET
  ${countColumns.map((name) => `${name} = c.${name} + excluded.${name}`).join(', ')},
  times = COALESCE(excluded.times, c.times)`;

async function addCounts(ask: Ask, counted: readonly Counted[]): Promise<void> {
  const times = await mergedTimes(ask, counted);
  await ask(ADD, [
    counted.map(({ series }) => series),
    counted.map(({ cell }) => intervals.indexOf(cell.interval)),
    counted.map(({ cell }) => cell.at),
    ...countColumns.map((_, i) => counted.map(({ cell }) => cell.sums.counts[i] ?? 0)),
    times,
  ]);
}

/** How long deliveries took, with what is stored of it: PostgreSQL cannot merge it, and nobody else writes meanwhile. */
async function mergedTimes(ask: Ask, counted: readonly Counted[]): Promise<(Uint8Array | null)[]> {
  const own = counted.map(({ cell: { sums } }) => (sums.times ? packTimes(sums.times) : null));
  const timed = counted.flatMap((one, i) => (own[i] ? [{ ...one, i }] : []));
  if (timed.length === 0) return own;
  const stored = await ask(
    byKeys('k (series, interval, at, number)', {
      kinds: ['bigint', 'smallint', 'bigint', 'integer'],
      select: `k.number, c.times FROM postino.counts c
        WHERE c.series = k.series AND c.interval = k.interval AND c.at = k.at AND c.times IS NOT NULL LIMIT 1`,
    }),
    [
      timed.map(({ series }) => series),
      timed.map(({ cell }) => intervals.indexOf(cell.interval)),
      timed.map(({ cell }) => cell.at),
      timed.map(({ i }) => i),
    ],
  );
  for (const answer of stored) {
    const number = numberAt(answer, 'number') ?? -1;
    const [before, now] = [bytesAt(answer, 'times'), own[number]];
    if (before && now) own[number] = mergeTimes(before, now);
  }
  return own;
}

export type CampaignName = Readonly<{ account: string; campaign: string; month: number; name: string }>;

/** Of those told several times in a month, the last one counts. */
export async function saveNames(ask: Ask, names: Iterable<CampaignName>): Promise<void> {
  const last = new Map([...names].map((one) => [`${one.account}\n${one.campaign}\n${one.month}`, one]));
  if (last.size === 0) return;
  const all = [...last.values()];
  await ask(
    `INSERT INTO postino.names AS n (account, campaign, month, name)
      SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[])
      ON CONFLICT (account, campaign, month) DO UPDATE SET name = excluded.name WHERE n.name <> excluded.name`,
    [
      all.map(({ account }) => cleanText(account)),
      all.map(({ campaign }) => cleanText(campaign)),
      all.map(({ month }) => month),
      all.map(({ name }) => cleanText(name)),
    ],
  );
}
