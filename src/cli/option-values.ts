// Options whose values are JSON, and what is wrong with options said in words. Pure.
import { z } from 'zod';

/** An option that is JSON of a schema; `empty` is what "" stands for, where that is allowed. */
export function jsonOf<T extends z.ZodType>(schema: T, empty?: z.output<T>) {
  return z.string().transform((text, context): z.output<T> => {
    if (empty !== undefined && text.trim() === '') return empty;
    const value = readJson(text);
    if (value === undefined) {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
    const read = schema.safeParse(value.json);
    if (read.success) return read.data;
    for (const { path, message } of read.error.issues.flatMap(withKeys))
      context.addIssue({ code: 'custom', message, path: [...path] });
    return z.NEVER;
  });
}

/** Every problem on a line of its own: "--rule 1.set.tags: Invalid input". Repeated options count from 1, as "user show" does. */
export function sayOptionIssues(error: z.ZodError): string {
  return error.issues
    .flatMap(withKeys)
    .map(({ path: [option, first, ...rest], message }) => {
      const path = first === undefined ? [] : [typeof first === 'number' ? first + 1 : first, ...rest];
      const flags = String(option).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      return `--${flags}${path.length > 0 ? ` ${path.join('.')}` : ''}: ${message}`;
    })
    .join('\n');
}

type Finding = Readonly<{ path: readonly PropertyKey[]; message: string }>;

/** An unknown key is told by its path, one by one. */
function withKeys(issue: z.core.$ZodIssue): readonly Finding[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a key we know' }));
}

function readJson(text: string): Readonly<{ json: unknown }> | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
