// Answers of Redis as its client gives them: lists of texts, and hashes as flat lists of names and values. Pure.
import type { z } from 'zod';
import { parseJson } from './json.ts';

/** The texts of a list; none for an answer that is no list. */
export function textsIn(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map(String) : [];
}

/** A hash by name, from the answer to HGETALL; empty for an answer that is no list. A name without a value is left out. */
export function hashIn(answer: unknown): ReadonlyMap<string, string> {
  const flat = textsIn(answer);
  const hash = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) hash.set(flat[i] ?? '', flat[i + 1] ?? '');
  return hash;
}

/** A hash whose values are JSON, by name; what is not of the schema is left out. */
export function recordsIn<T>(answer: unknown, schema: z.ZodType<T>): Map<string, T> {
  const records = new Map<string, T>();
  for (const [name, text] of hashIn(answer)) {
    const record = parseJson(text, schema);
    if (record !== undefined) records.set(name, record);
  }
  return records;
}
