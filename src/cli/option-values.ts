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
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: sayWrong(issue) }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a key we know' }));
}

const KINDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list, such as ["a", "b"]',
  object: 'an object, such as {"name": "value"}',
  record: 'an object, such as {"name": "value"}',
};
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** What is wrong in our words; a schema that has words of its own is left to them. */
function sayWrong(issue: z.core.$ZodIssue): string {
  if (!/^(?:Invalid|Too) /.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_type') {
    if (issue.message.endsWith('received undefined')) return 'is missing';
    return `must be ${KINDS[issue.expected] ?? `of the kind "${issue.expected}"`}`;
  }
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
  return 'cannot be read';
}

function readJson(text: string): Readonly<{ json: unknown }> | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
