// Values of a template as it sees them: data without prototypes; a text that is a JSON list or object can be gone through. Pure.

/** How deep lists and objects may be nested in each other. */
export const MAX_DEPTH = 32;

/** Senders' values are texts, and lists in them are JSON (model/instructions.ts): printed, they are the text again. */
const written = new WeakMap<object, string>();

/** The values in this JSON, or undefined when they are nested too deeply. */
export function readScope(json: string): object | undefined {
  const values = bare(JSON.parse(json), MAX_DEPTH);
  if (typeof values !== 'object' || values === null) return undefined;
  for (const [name, value] of Object.entries(values)) {
    const inside = typeof value === 'string' ? readList(value) : undefined;
    if (inside !== undefined) Object.assign(values, { [name]: inside });
  }
  return values;
}

/** The text that a list or object was; undefined when it was none. */
export function writtenAs(value: object): string | undefined {
  return written.get(value);
}

/** What is in a text that is a JSON list or object; undefined for any other, and for one that is nested too deeply. */
function readList(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value = bare(JSON.parse(text), MAX_DEPTH);
    if (typeof value !== 'object' || value === null) return undefined;
    written.set(value, text);
    return value;
  } catch {
    return undefined;
  }
}

/** The value with all objects in it made anew, without a prototype; undefined when it is deeper than `depth`. */
function bare(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return undefined;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [] : Object.create(null);
  for (const [name, inner] of Object.entries(value)) {
    const made = bare(inner, depth - 1);
    if (made === undefined) return undefined;
    Object.defineProperty(copy, name, { value: made, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}
