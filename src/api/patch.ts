// Bodies that change something in part: JSON Merge Patch (RFC 7396) of what GET shows, checked by the thing's own schema. Pure.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { mergePatch } from '../lib/merge-patch.ts';
import { faultsOf } from './endpoint.ts';
import { invalid, type Fault, type Problem } from './problem.ts';

export const HOW_TO_PATCH =
  'The body is a JSON Merge Patch (RFC 7396) of what GET shows: a field that is not there stays, an object is merged, a list is replaced as a whole, null takes a field away or back to its default. What GET shows and nobody changes may stand in it as it is.';

export type Patch = Readonly<Record<string, unknown>>;

/** The schema of a patch: each field may be absent or null; `fixed` are those that may only stand in it as they are. */
export function patchOf(schema: z.ZodObject, fixed: readonly string[] = []) {
  const fields = Object.entries(schema.shape).map(([name, field]) => [name, nullable(bare(field))] as const);
  const others = fixed.map((name) => [name, z.unknown().optional()] as const);
  return z.strictObject(Object.fromEntries([...others, ...fields]));
}

/** Without its default and "optional", and objects of it as patches of their own. */
function bare(field: unknown): z.ZodType {
  if (field instanceof z.ZodDefault || field instanceof z.ZodOptional) return bare(field.unwrap());
  // What a field means only as a whole is checked when it is merged.
  if (field instanceof z.ZodObject) return patchOf(field);
  return field instanceof z.ZodType ? field : z.unknown();
}

function nullable(field: z.ZodType): z.ZodType {
  const described = field.nullable().optional();
  return field.description === undefined ? described : described.describe(field.description);
}

export type Patched<T> = Readonly<{ ok: true; value: T } | { ok: false; problem: Problem }>;

/** What a patch makes of `old`. `fixed` are fields that the patch may repeat and not change. */
export function patched<T>(
  schema: z.ZodType<T>,
  { old, fixed = {} }: Readonly<{ old: object; fixed?: object }>,
  patch: Patch,
): Patched<T> {
  const still = new Map<string, unknown>(Object.entries(fixed));
  const moved = Object.entries(patch).filter(
    ([name, value]) => still.has(name) && !isDeepStrictEqual(value, still.get(name)),
  );
  if (moved.length > 0)
    return wrong(moved.map(([name]) => ({ path: `body.${name}`, message: 'cannot be changed here' })));
  const mine = Object.fromEntries(Object.entries(patch).filter(([name]) => !still.has(name)));
  const read = schema.safeParse(mergePatch(old, mine));
  if (read.success) return { ok: true, value: read.data };
  return wrong(faultsOf(read.error.issues, 'body'));
}

function wrong(faults: readonly Fault[]): Patched<never> {
  return { ok: false, problem: invalidBody(faults) };
}

export function invalidBody(faults: readonly Fault[]): Problem {
  const words = faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  return invalid(`The request cannot be done: ${words.slice(0, 500)}.`, faults);
}
