// JSON that was written by us or by others: read by a schema, and undefined for everything else. Pure.
import type { z } from 'zod';

/** The value in a JSON text; undefined for what is no JSON, and for what is not of the schema. */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return readKnown(JSON.parse(text), schema).data;
  } catch {
    return undefined;
  }
}

/** Each round goes one level deeper. */
const MAX_ROUNDS = 8;

/**
 * Reads a value that may be of a newer version, which runs beside this one or ran before it: fields that the schema does not
 * know are left out, however strict it is; all others must fit.
 */
export function readKnown<T>(value: unknown, schema: z.ZodType<T>): z.ZodSafeParseResult<T> {
  let read = schema.safeParse(value);
  let known = value;
  for (let round = 0; round < MAX_ROUNDS && !read.success; round++) {
    const strange = read.error.issues.filter((issue) => issue.code === 'unrecognized_keys');
    if (strange.length === 0) return read;
    if (round === 0) known = structuredClone(value);
    for (const { path, keys } of strange) drop(known, path, keys);
    read = schema.safeParse(known);
  }
  return read;
}

function drop(value: unknown, path: readonly PropertyKey[], keys: readonly string[]): void {
  const at = path.reduce<unknown>(
    (inside, step) => (isObject(inside) ? Reflect.get(inside, step) : undefined),
    value,
  );
  if (isObject(at)) for (const key of keys) Reflect.deleteProperty(at, key);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
