// Small facts that the history keeps about itself, by name.
import { textAt } from '../columns.ts';
import { HistoryProblem } from '../problem.ts';
import { readKept, type Kept } from '../sets.ts';
import type { Ask } from './driver.ts';

export type Meta = ReadonlyMap<string, string>;

/** In the place of the cursor: these tables are no longer the ones in use. */
export const MOVED = 'moved';

/** `locked`: nobody else takes events, or removes series, before the transaction ends. */
export async function readMeta(ask: Ask, how: 'plain' | 'locked' = 'plain'): Promise<Meta> {
  const lock = how === 'locked' ? 'FOR UPDATE' : '';
  const answers = await ask(`SELECT name, value FROM postino.meta ORDER BY name ${lock}`);
  const meta = new Map(
    answers.map((answer) => [textAt(answer, 'name') ?? '', textAt(answer, 'value') ?? '']),
  );
  if (meta.get('cursor') === MOVED) throw new HistoryProblem('The history was made anew meanwhile.');
  return meta;
}

export async function saveMeta(ask: Ask, name: string, value: string): Promise<void> {
  await ask(
    'INSERT INTO postino.meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [name, value],
  );
}

/** Before which moment counts are gone. */
export function keptOf(meta: Meta): Kept {
  return readKept((name) => meta.get(name));
}
