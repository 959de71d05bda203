// JSON that was written by us or by others: read by a schema, and undefined for everything else. Pure.
import type { z } from 'zod';

/** The value in a JSON text; undefined for what is no JSON, and for what is not of the schema. */
export function parseJson<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
