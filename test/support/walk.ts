// Walks over every operation of the OpenAPI document: paths with ids filled in, and bodies that fit their schemas.
import type { Place, Schema } from './openapi.ts';

/** The path with these values for its parameters, in order; the last one stands for all that are left. */
export function fill(path: string, values: readonly string[]): string {
  let n = 0;
  return path.replace(/\{\w+\}/g, () => encodeURIComponent(values[Math.min(n++, values.length - 1)] ?? ''));
}

/** A body for an operation, as small as its schema allows; fields that `known` names get its values, needed or not. */
export function bodyFor({ operation }: Place, known: Readonly<Record<string, unknown>> = {}): unknown {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema ? sample(schema, known) : undefined;
}

/** The query that an operation cannot do without. */
export function queryFor({ operation }: Place, known: Readonly<Record<string, unknown>> = {}): string {
  const query = new URLSearchParams();
  for (const { in: where, name, required, schema } of operation.parameters ?? [])
    if (where === 'query' && (required || name in known))
      query.set(name, String(known[name] ?? sample(schema, known)));
  return query.size > 0 ? `?${query.toString()}` : '';
}

export function sample(schema: Schema, known: Readonly<Record<string, unknown>>): unknown {
  const { type, anyOf, oneOf, enum: values, const: value, default: fallback } = schema;
  if (value !== undefined) return value;
  if (Array.isArray(values)) return values[0];
  if (fallback !== undefined) return fallback;
  for (const ways of [anyOf, oneOf]) if (Array.isArray(ways)) return sample(ways[0], known);
  if (type === 'array')
    return Number(schema['minItems'] ?? 0) > 0 ? [sample((schema['items'] ?? {}) as Schema, known)] : [];
  return type === 'object' ? fields(schema, known) : single(schema);
}

function single(schema: Schema): unknown {
  switch (schema['type']) {
    case 'string':
      return text(schema);
    case 'number':
    case 'integer':
      return Math.max(1, Number(schema['minimum'] ?? 1));
    case 'boolean':
      return true;
    default:
      return {};
  }
}

function text({ minLength, format }: Schema): string {
  if (format === 'uri') return 'https://hooks.example.net/';
  if (format === 'date-time') return '2030-01-01T00:00:00Z';
  return 'x'.repeat(Math.max(1, Number(minLength ?? 1)));
}

function fields(schema: Schema, known: Readonly<Record<string, unknown>>): unknown {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = (schema['required'] ?? []) as readonly string[];
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => required.includes(name) || name in known)
      .map(([name, own]) => [name, known[name] ?? sample(own, known)]),
  );
}
