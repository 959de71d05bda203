// Small facts that the history keeps about itself, by name.
import type { EpochMs } from '../../lib/clock.ts';
import { textAt } from '../columns.ts';
import type { Kept } from '../sets.ts';
import type { Ask } from './driver.ts';

export type Meta = ReadonlyMap<string, string>;

/** `locked`: nobody else takes events, or removes series, before the transaction ends. */
export async function readMeta(ask: Ask, how: 'plain' | 'locked' = 'plain'): Promise<Meta> {
  const lock = how === 'locked' ? 'FOR UPDATE' : '';
  const answers = await ask(`SELECT name, value FROM postino.meta ORDER BY name ${lock}`);
  return new Map(answers.map((answer) => [textAt(answer, 'name') ?? '', textAt(answer, 'value') ?? '']));
}

export async function saveMeta(ask: Ask, name: string, value: string): Promise<void> {
  await ask(
    'INSERT INTO postino.meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [name, value],
  );
}

/** Before which moment counts are gone. */
export function keptOf(meta: Meta): Kept {
  const at = (name: string): EpochMs => Number(meta.get(`kept.${name}`) ?? 0);
  return { minute: at('minute'), hour: at('hour'), day: at('day') };
}
