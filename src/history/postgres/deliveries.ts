// Deliveries of a batch: read together, changed in memory, written together.
import type { EpochMs } from '../../lib/clock.ts';
import { allColumns, columnsOf, numberAt, storedRow, textAt } from '../columns.ts';
import type { StoredRow } from '../row.ts';
import type { Ask } from './driver.ts';
import { byKeys, onDays } from './keys.ts';
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

const quote = (name: string): string => `"${name}"`;
const names = allColumns.map(quote).join(', ');
const kinds = allColumns.map((name) => `${numberColumns.get(name) ?? 'text'}[]`);
const unnested = ['bigint[]', ...kinds, 'text[]'].map((kind, i) => `$${i + 1}::${kind}`).join(', ');
const source = `unnest(${unnested}) AS n (made, ${names}, words)`;
const lexemes = `array_to_tsvector(string_to_array(n.words, E'\\x1f'))`;

const asked = allColumns.map((name) => `d.${quote(name)}`).join(', ');

/** Those of these keys, each once. Whoever changes them locks "meta" first, so they stay as they are. */
export async function holdDeliveries(ask: Ask, keys: readonly Key[]): Promise<ReadonlyMap<string, Held>> {
  const wanted = new Map(keys.map((key) => [keyText(key), key]));
  const found = await ask(
    byKeys('k (made, delivery)', {
      kinds: ['bigint', 'text'],
      select: `d.made, ${asked} FROM postino.deliveries d WHERE d.made = k.made AND d.delivery = k.delivery ${onDays(keys)} LIMIT 1`,
    }),
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

const INSERT = `INSERT INTO postino.deliveries AS d (made, ${names}, words)
  SELECT n.made, ${allColumns.map((name) => `n.${quote(name)}`).join(', ')}, ${lexemes} FROM ${source}`;

const changing = allColumns.filter((name) => name !== 'delivery' && name !== 'submission');
/** Goes by the primary key, whatever the server knows of the tables. */
const UPDATE = `${INSERT} ON CONFLICT (made, delivery) DO UPDATE SET
  ${changing.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(', ')},
  words = CASE WHEN excluded.words = ''::tsvector THEN d.words ELSE excluded.words END`;

/** Writes what is new, and what has changed. */
export async function saveDeliveries(ask: Ask, held: Iterable<Held>): Promise<void> {
  const changed = [...held].filter(({ row, saved }) => row !== saved);
  const fresh = changed.filter(({ saved }) => saved === undefined);
  const known = changed.filter(({ saved }) => saved !== undefined);
  if (fresh.length > 0) await ask(INSERT, paramsOf(fresh));
  if (known.length > 0) await ask(UPDATE, paramsOf(known));
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

/** "": as they are; a recipient has a word always. */
function changedWords(saved: StoredRow | undefined, row: StoredRow): string {
  const isSame =
    saved !== undefined &&
    saved.recipient === row.recipient &&
    saved.subject === row.subject &&
    saved.reply === row.reply &&
    saved.tags?.join(BETWEEN) === row.tags?.join(BETWEEN);
  if (isSame) return '';
  // Who is forgotten is found by nothing that was said before.
  const isKept = saved?.recipient === row.recipient && saved.reply !== row.reply;
  return cleanText(storedWords(row, isKept ? saved.reply : undefined));
}
