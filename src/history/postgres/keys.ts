// Statements that find rows by their keys, one look-up in the index for each, in the partitions of their days only. Pure.
import type { EpochMs } from '../../lib/clock.ts';
import { DAY_MS, dayOf } from './days.ts';

type Lookup = Readonly<{
  /** Types of the columns of the keys, in their order. */
  kinds: readonly string[];
  /** What is found for a key: all that follows SELECT. It ends in LIMIT or OFFSET, or it would be planned as a join. */
  select: string;
}>;

/**
 * The rows for each of the keys, which are called such as "k (made, delivery)". As a join it would be planned by what the server
 * has counted in the tables, and that is nothing for a day that has just begun: it would read all of it, for each batch.
 */
export function byKeys(keys: string, { kinds, select }: Lookup): string {
  const lists = kinds.map((kind, i) => `$${i + 1}::${kind}[]`).join(', ');
  return `SELECT f.* FROM unnest(${lists}) AS ${keys} CROSS JOIN LATERAL (SELECT ${select}) AS f`;
}

/** Only partitions that can have them are planned for, be they many: "AND (…)". */
export function onDays(keys: readonly Readonly<{ made: EpochMs }>[], table = 'd'): string {
  const days = [...new Set(keys.map(({ made }) => dayOf(made)))].sort((a, b) => a - b);
  const ranges: { from: number; to: number }[] = [];
  for (const day of days) {
    const last = ranges.at(-1);
    if (last?.to === day) last.to++;
    else ranges.push({ from: day, to: day + 1 });
  }
  const within = ranges.map(
    ({ from, to }) => `${table}.made >= ${from * DAY_MS} AND ${table}.made < ${to * DAY_MS}`,
  );
  return within.length === 0 ? 'AND false' : `AND (${within.join(' OR ')})`;
}
