// Records as JSON in one hash of Redis, by name: looked up, listed, added where the name is free, changed and removed.
import type { z } from 'zod';
import { recordsIn } from './answers.ts';
import { parseJson } from './json.ts';
import { loadScript, type Redis } from './script.ts';

/** All methods reject with RedisTrouble. Nothing is kept in memory: a change counts at once, everywhere. */
export type Records<T> = Readonly<{
  /** undefined: there is none, or what is there is not of the schema. */
  get(name: string): Promise<T | undefined>;
  /** In no order. */
  list(): Promise<readonly T[]>;
  /** False when the name is taken. Throws for what is not of the schema. */
  add(name: string, record: T): Promise<boolean>;
  /** Replaces it by `edit` of it, again when somebody else was faster; undefined: there is none, or `edit` wants nothing. */
  change(name: string, edit: (record: T) => T | undefined): Promise<T | undefined>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
}>;

const swap = loadScript(new URL('./scripts/swap-1.lua', import.meta.url));
/** Each loses to somebody who won. */
const ATTEMPTS = 50;

/** The records of one hash. */
export function openRecords<T>(
  redis: Redis,
  { hash, schema }: Readonly<{ hash: string; schema: z.ZodType<T> }>,
): Records<T> {
  const read = async (name: string): Promise<string> => {
    const text = await redis.call('HGET', hash, name);
    return typeof text === 'string' ? text : '';
  };
  const put = async (name: string, before: string, after: T): Promise<boolean> =>
    (await redis.run(swap, [hash], [name, before, JSON.stringify(schema.parse(after))])) === 1;
  return {
    get: async (name) => parseJson(await read(name), schema),
    list: async () => [...recordsIn(await redis.call('HGETALL', hash), schema).values()],
    add: (name, record) => put(name, '', record),
    change: async (name, edit) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const before = await read(name);
        const record = parseJson(before, schema);
        const next = record === undefined ? undefined : edit(record);
        if (next === undefined || (await put(name, before, next))) return next;
      }
      throw new Error(`${name} in ${hash} is being changed by others again and again`);
    },
    remove: async (name) => (await redis.call('HDEL', hash, name)) === 1,
  };
}
