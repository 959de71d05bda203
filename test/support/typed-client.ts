// Makes a typed client of the OpenAPI document, as customers make theirs: one function for each operation.
import { operations, type Operation, type Place, type Schema } from './openapi.ts';

/** The client's source: types from the document, and `makeClient(url, key)`. */
export function typedClient(): string {
  const methods = operations.map((place) => `  ${methodOf(place)}`);
  const routes = operations.map(
    ({ method, path, operation }) => `  ${operation.operationId}: ${JSON.stringify({ method, path })},`,
  );
  return [
    'export type Client = Readonly<{',
    ...methods,
    '}>;',
    'const routes: Readonly<Record<string, { method: string; path: string }>> = {',
    ...routes,
    '};',
    RUNTIME,
  ].join('\n');
}

const RUNTIME = `
type Ask = { params?: object; query?: object; body?: unknown; headers?: Record<string, string> };

export class ApiProblem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export function makeClient(url: string, key: string): Client {
  const call = async (name: string, ask: Ask): Promise<unknown> => {
    const route = routes[name];
    if (!route) throw new Error('unknown operation');
    const params = new Map(Object.entries(ask.params ?? {}));
    const path = route.path.replace(/\\{(\\w+)\\}/g, (_, part) => encodeURIComponent(String(params.get(part))));
    const query = new URLSearchParams(
      Object.entries(ask.query ?? {}).map(([field, value]): [string, string] => [field, String(value)]),
    );
    const answer = await fetch(\`\${url}\${path}\${query.size > 0 ? \`?\${query}\` : ''}\`, {
      method: route.method,
      headers: {
        authorization: \`Bearer \${key}\`,
        ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...ask.headers,
      },
      ...(ask.body === undefined ? {} : { body: JSON.stringify(ask.body) }),
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    const value: any = isJson && text !== '' ? JSON.parse(text) : text;
    if (!answer.ok) throw new ApiProblem(answer.status, value.detail);
    return value;
  };
  return new Proxy({} as Client, {
    get: (_, name) => (ask: Ask = {}) => call(String(name), ask),
  });
}
`;

function methodOf({ operation }: Place): string {
  const parts = [
    ...partsOf(operation, 'path', 'params'),
    ...partsOf(operation, 'query', 'query'),
    ...bodyOf(operation),
  ];
  const isNeeded = parts.some((part) => !part.includes('?:'));
  const ask = parts.length === 0 ? '' : `ask${isNeeded ? '' : '?'}: { ${parts.join('; ')} }`;
  return `${operation.operationId}(${ask}): Promise<${answerOf(operation)}>;`;
}

function partsOf(operation: Operation, where: 'path' | 'query', name: string): readonly string[] {
  const own = (operation.parameters ?? []).filter((parameter) => parameter.in === where);
  if (own.length === 0) return [];
  const fields = own.map(
    (one) => `${JSON.stringify(one.name)}${one.required ? '' : '?'}: ${typeOf(one.schema)}`,
  );
  const isNeeded = own.some(({ required }) => required);
  return [`${name}${isNeeded ? '' : '?'}: { ${fields.join('; ')} }`];
}

function bodyOf({ requestBody }: Operation): readonly string[] {
  if (!requestBody) return [];
  const json = requestBody.content['application/json'];
  const isNeeded = requestBody.required && json && Object.keys(requestBody.content).length === 1;
  return [`body${isNeeded ? '' : '?'}: ${json ? typeOf(json.schema) : 'string'}`];
}

function answerOf({ responses }: Operation): string {
  const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const schema = good?.content?.['application/json']?.schema;
  if (schema) return typeOf(schema);
  return good?.content ? 'string' : 'void';
}

/** A JSON schema as a TypeScript type. */
export function typeOf(schema: Schema): string {
  const { type, anyOf, oneOf, allOf, enum: values, const: value } = schema;
  if (value !== undefined) return JSON.stringify(value);
  if (isList(values)) return values.map((one) => JSON.stringify(one)).join(' | ') || 'never';
  for (const ways of [anyOf, oneOf]) if (isList(ways)) return either(ways);
  if (isList(allOf)) return allOf.map((one) => `(${typeOf(one as Schema)})`).join(' & ');
  return plainType(schema, type);
}

function plainType(schema: Schema, type: unknown): string {
  if (isList(type)) return type.map((one) => typeOf({ ...schema, type: one })).join(' | ');
  switch (type) {
    case 'string':
      return 'string';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return arrayOf(schema);
    case 'object':
      return objectOf(schema);
    default:
      return 'unknown';
  }
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const either = (all: readonly unknown[]): string =>
  all.map((one) => `(${typeOf(one as Schema)})`).join(' | ');

function arrayOf({ items, prefixItems }: Schema): string {
  if (isList(prefixItems)) return `[${prefixItems.map((one) => typeOf(one as Schema)).join(', ')}]`;
  return `(${typeOf((items ?? {}) as Schema)})[]`;
}

function objectOf(schema: Schema): string {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = (schema['required'] ?? []) as readonly string[];
  const more = schema['additionalProperties'];
  const fields = Object.entries(properties).map(
    ([name, of]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(of)}`,
  );
  const others = typeof more === 'object' && more !== null ? typeOf(more as Schema) : 'unknown';
  if (fields.length === 0) return more === false ? 'Record<string, never>' : `Record<string, ${others}>`;
  return `{ ${fields.join('; ')} }`;
}
