// A YAML file becomes a plain value: environment variables put in, every problem with its line. Pure.
import { LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';

export type Problem = Readonly<{
  /** Such as "smtp.listeners.0.port"; "" for the file as a whole. */
  path: string;
  /** Line and column, counted from 1; absent where the file says nothing about it. */
  line?: number;
  column?: number;
  message: string;
}>;

export type Environment = Readonly<Record<string, string | undefined>>;

export type ReadFile = Readonly<{
  /** Undefined when it is not YAML at all; variables that are not set stay as they are written. */
  value: unknown;
  problems: readonly Problem[];
  /** Where a path stands, or what of it is there. */
  place(path: readonly PropertyKey[]): Readonly<{ line?: number; column?: number }>;
  /** Who wrote the value at exactly this path; undefined: the file does not. */
  origin(path: readonly PropertyKey[]): Readonly<{ from: 'file' | 'environment'; line?: number }> | undefined;
  /** The text at a path that came from the environment; undefined when it did not. */
  substituted(path: readonly PropertyKey[]): string | undefined;
}>;

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
const MAX_ALIASES = 100;

/** Reads YAML (JSON is YAML). A key without a value, or with nothing but an empty variable, counts as not written. */
export function readYaml(text: string, environment: Environment): ReadFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Readonly<{ line: number; column: number }> => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems: Problem[] = document.errors.map((error) => ({
    path: '',
    ...at(error.pos[0]),
    message: `is not YAML: ${error.message}`,
  }));
  const substituted =
    problems.length > 0 ? new Set<unknown>() : substitute(document, environment, problems, at);
  const nodeAt = (path: readonly PropertyKey[]): Node | undefined => {
    const node: unknown = document.getIn(path, true);
    return isNode(node) ? node : undefined;
  };
  return {
    value: document.errors.length > 0 ? undefined : (document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}),
    problems,
    place: (path) => {
      for (let length = path.length; length > 0; length--) {
        const range = nodeAt(path.slice(0, length))?.range;
        if (range) return at(range[0]);
      }
      return {};
    },
    origin: (path) => {
      const node = nodeAt(path);
      if (!node) return undefined;
      const line = node.range ? { line: at(node.range[0]).line } : {};
      return { from: substituted.has(node) ? 'environment' : 'file', ...line };
    },
    substituted: (path) => {
      const node = nodeAt(path);
      const value = node && 'value' in node ? node.value : undefined;
      return substituted.has(node) && typeof value === 'string' ? value : undefined;
    },
  };
}

/** Puts variables into all scalars but keys; returns the scalars that had one. */
function substitute(
  document: Document,
  environment: Environment,
  problems: Problem[],
  at: (offset: number) => Readonly<{ line: number; column: number }>,
): ReadonlySet<unknown> {
  const touched = new Set<unknown>();
  visit(document, {
    Scalar: (key, node) => {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return undefined;
      const original = node.value;
      const text = original.replace(VARIABLE, (whole, name: string, fallback: string | undefined) => {
        const value = environment[name];
        if (value !== undefined && value !== '') return value;
        if (fallback !== undefined) return fallback;
        if (value === undefined)
          problems.push({
            path: '',
            ...at(node.range?.[0] ?? 0),
            message: `names the environment variable ${name}, which is not set; set it or write \${${name}:-default}`,
          });
        return value ?? whole;
      });
      node.value = text;
      touched.add(node);
      return undefined;
    },
  });
  visit(document, {
    Pair: (_, pair) => (isEmpty(pair.value, touched) ? visit.REMOVE : undefined),
  });
  return touched;
}

function isEmpty(node: unknown, touched: ReadonlySet<unknown>): boolean {
  if (node === null) return true;
  if (typeof node !== 'object') return false;
  if ('value' in node) return node.value === null || isEmptyVariable(node, touched);
  // A slice of nothing but empty variables is not written either: it may be one that has to have something in it.
  const pairs: readonly unknown[] = 'items' in node && Array.isArray(node.items) ? node.items : [];
  const values = pairs.map((pair) =>
    typeof pair === 'object' && pair !== null && 'value' in pair ? pair.value : undefined,
  );
  return values.length > 0 && values.every((value) => isEmptyVariable(value, touched));
}

function isEmptyVariable(node: unknown, touched: ReadonlySet<unknown>): boolean {
  if (typeof node !== 'object' || node === null || !('value' in node)) return false;
  return touched.has(node) && node.value === '';
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}
