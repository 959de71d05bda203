// The configuration in effect: each value, what it is for, and who says so; secrets are not shown. Pure.
import { z } from 'zod';
import { configSchema, type Config } from '../config.ts';
import { units } from '../lib/values.ts';

/** default: nobody wrote it · file: the configuration file, at `line` · environment: a variable, put in by the file or by itself. */
export type Setting = Readonly<{
  path: string;
  /** Durations are milliseconds, sizes bytes, as `unit` says. A secret is "••••". */
  value: unknown;
  unit?: 'ms' | 'bytes';
  source: 'default' | 'file' | 'environment';
  line?: number;
  masked?: true;
  /** What it is for. */
  description?: string;
}>;

export const MASK = '••••';
/** What the file declares of these are entries with pages of their own. */
const ENTRIES = new Set(['users', 'domains', 'pools', 'transports']);
const SECRET = /(?:password|secret|token|masterKey|accessKey|complaintKeys)$/i;
const MAX_DEPTH = 8;

/** In the order of the configuration's schema. */
export function effectiveSettings(config: Config): readonly Setting[] {
  const { file: _file, originOf, ...values } = config;
  const known = Object.keys(configSchema.shape);
  const slices = known.flatMap((name) => {
    const value: unknown = Object.entries(values).find(([key]) => key === name)?.[1];
    return ENTRIES.has(name) || value === undefined ? [] : [{ name, value }];
  });
  return slices.flatMap(({ name, value }) =>
    [...leavesOf([name], value)].map((leaf) => settingOf(leaf, originOf)),
  );
}

type Leaf = Readonly<{ path: readonly (string | number)[]; value: unknown }>;

function* leavesOf(path: Leaf['path'], value: unknown): Generator<Leaf> {
  const parts = path.length < MAX_DEPTH ? partsOf(value) : [];
  if (parts.length === 0) {
    yield { path, value };
    return;
  }
  for (const [name, part] of parts) if (part !== undefined) yield* leavesOf([...path, name], part);
}

/** Lists of plain values stay whole. */
function partsOf(value: unknown): readonly (readonly [string | number, unknown])[] {
  if (Array.isArray(value))
    return value.some((one) => typeof one === 'object') ? value.map((one, n) => [n, one] as const) : [];
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function settingOf({ path, value }: Leaf, originOf: Config['originOf']): Setting {
  const isSecret = path.some((name) => typeof name === 'string' && SECRET.test(name));
  const origin = originOf(path);
  const schema = schemaAt(path);
  const unit = typeof value === 'number' ? told(schema, (one) => units.get(one)?.unit) : undefined;
  const description = told(schema, (one) => one.description);
  return {
    path: path.join('.'),
    value: isSecret ? MASK : path.at(-1) === 'webhook' ? shownHook(value) : shown(value),
    ...(unit === undefined ? {} : { unit }),
    source: origin?.from ?? 'default',
    ...(origin?.line === undefined ? {} : { line: origin.line }),
    ...(isSecret ? { masked: true } : {}),
    ...(description === undefined ? {} : { description }),
  };
}

/** Who knows all of a chat's webhook writes to that chat: only its host is shown. */
function shownHook(value: unknown): unknown {
  if (typeof value !== 'string' || !URL.canParse(value)) return shown(value);
  const { protocol, host } = new URL(value);
  return `${protocol}//${host}/${MASK}`;
}

/** An address may hold a password. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof RegExp) return value.source;
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
    return String(value);
  if (typeof value !== 'string' || !/^[a-z+]+:\/\//i.test(value)) return value;
  if (!URL.canParse(value)) return value.replace(/\/\/[^/]*@/, `//${MASK}@`);
  const url = new URL(value);
  const user = url.username === '' && url.password === '' ? '' : `${MASK}@`;
  const rest = url.search === '' ? '' : `?${MASK}`;
  return `${url.protocol}//${user}${url.host}${url.pathname === '/' ? '' : url.pathname}${rest}`;
}

function schemaAt(path: Leaf['path']): unknown {
  let schema: unknown = configSchema;
  for (const name of path) {
    const inner = bare(schema);
    if (inner instanceof z.ZodObject) schema = inner.shape[name];
    else if (inner instanceof z.ZodArray) schema = inner.element;
    else return undefined;
  }
  return schema;
}

/** What the schema says, or else the one that it is a default of, or another form. */
function told<T>(schema: unknown, ask: (schema: z.ZodType) => T | undefined): T | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  return ask(schema) ?? told(outer(schema), ask);
}

function bare(schema: unknown): unknown {
  const inner = outer(schema);
  return inner === undefined ? schema : bare(inner);
}

/** What a default, "optional" and the like are around. */
function outer(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.unwrap();
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return schema.unwrap();
  return schema instanceof z.ZodPipe ? schema.in : undefined;
}
