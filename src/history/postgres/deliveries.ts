// Deliveries of a batch: read together, changed in memory, written together.
import type { EpochMs } from '../../lib/clock.ts';
import { allColumns, columnsOf, numberAt, storedRow, textAt } from '../columns.ts';
import type { StoredRow } from '../row.ts';
import type { Ask } from './driver.ts';
import { cleanText, columnValue } from './params.ts';
import { numberColumns } from './schema.ts';
import { BETWEEN, storedWords } from './words.ts';

/** A delivery in hand; `saved` is what the database has. */
export type Held = {
  readonly made: EpochMs;
  readonly delivery: string;
  readonly saved: StoredRow | undefined;
  row: StoredRow | undefined;
};

export type Key = Readonly<{ made: EpochMs; delivery: string }>;

export const keyText = ({ made, delivery }: Key): string => `${made} ${delivery}`;

/** Those of these keys, each once; nobody else changes them before the transaction ends. */
export async function holdDeliveries(ask: Ask, keys: readonly Key[]): Promise<ReadonlyMap<string, Held>> {
  const wanted = new Map(keys.map((key) => [keyText(key), key]));
  const found = await ask(
    `SELECT d.* FROM unnest($1::bigint[], $2::text[]) AS k (made, delivery)
      JOIN postino.deliveries d ON d.made = k.made AND d.delivery = k.delivery ${rangeOf(keys)} FOR UPDATE OF d`,
    [[...wanted.values()].map(({ made }) => made), [...wanted.values()].map(({ delivery }) => delivery)],
  );
  const rows = new Map(
    found.map((answer) => [
      keyText({ made: numberAt(answer, 'made') ?? 0, delivery: textAt(answer, 'delivery') ?? '' }),
      storedRow(answer),
    ]),
  );
  return new Map(
    [...wanted].map(([text, { made, delivery }]) => {
      const saved = rows.get(text);
      return [text, { made, delivery, saved, row: saved }];
    }),
  );
}

/** Only the partitions that can have them are looked at. */
export function rangeOf(keys: readonly Key[], table = 'd'): string {
  let [from, to] = [Infinity, 0];
  for (const { made } of keys) [from, to] = [Math.min(from, made), Math.max(to, made)];
  return `AND ${table}.made >= ${from} AND ${table}.made <= ${to}`;
}

const quote = (name: string): string => `"${name}"`;
const names = allColumns.map(quote).join(', ');
const kinds = allColumns.map((name) => `${numberColumns.get(name) ?? 'text'}[]`);
const unnested = ['bigint[]', ...kinds, 'text[]'].map((kind, i) => `$${i + 1}::${kind}`).join(', ');
const source = `unnest(${unnested}) AS n (made, ${names}, words)`;
const lexemes = `array_to_tsvector(string_to_array(n.words, E'\\x1f'))`;

const INSERT = `INSERT INTO postino.deliveries (made, ${names}, words)
  SELECT n.made, ${allColumns.map((name) => `n.${quote(name)}`).join(', ')}, ${lexemes} FROM ${source}`;

const changing = allColumns.filter((name) => name !== 'delivery' && name !== 'submission');
const UPDATE = `UPDATE postino.deliveries d SET ${changing.map((name) => `${quote(name)} = n.${quote(name)}`).join(', ')},
  words = CASE WHEN n.words IS NULL THEN d.words ELSE ${lexemes} END
  FROM ${source} WHERE d.made = n.made AND d.delivery = n.delivery`;

/** Writes what is new, and what has changed. */
export async function saveDeliveries(ask: Ask, held: Iterable<Held>): Promise<void> {
  const changed = [...held].filter(({ row, saved }) => row !== saved);
  const fresh = changed.filter(({ saved }) => saved === undefined);
  const known = changed.filter(({ saved }) => saved !== undefined);
  if (fresh.length > 0) await ask(INSERT, paramsOf(fresh));
  if (known.length > 0) await ask(`${UPDATE} ${rangeOf(known)}`, paramsOf(known));
}

function paramsOf(held: readonly Held[]): (string | number | null)[][] {
  const params: (string | number | null)[][] = [[], ...allColumns.map(() => []), []];
  for (const { made, saved, row } of held) {
    if (!row) continue;
    const columns = columnsOf(row);
    params[0]?.push(made);
    for (const [i, name] of allColumns.entries()) params[i + 1]?.push(columnValue(name, columns));
    params.at(-1)?.push(changedWords(saved, row));
  }
  return params;
}

/** null: as they are. */
function changedWords(saved: StoredRow | undefined, row: StoredRow): string | null {
  const isSame =
    saved !== undefined &&
    saved.recipient === row.recipient &&
    saved.subject === row.subject &&
    saved.reply === row.reply &&
    saved.tags?.join(BETWEEN) === row.tags?.join(BETWEEN);
  if (isSame) return null;
  // Who is forgotten is found by nothing that was said before.
  const isKept = saved?.recipient === row.recipient && saved.reply !== row.reply;
  return cleanText(storedWords(row, isKept ? saved.reply : undefined));
}
