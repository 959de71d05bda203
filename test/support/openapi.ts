// Holds every answer of the API against the OpenAPI document: what it does not describe is not answered.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { endpoints } from '../../src/api/index.ts';
import { openApiOf } from '../../src/api/openapi.ts';

export type Schema = Readonly<Record<string, unknown>>;
export type Parameter = Readonly<{
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}>;
type Content = Readonly<Record<string, Readonly<{ schema: Schema }>>>;
export type Operation = Readonly<{
  operationId: string;
  summary: string;
  'x-postino-scope': string;
  'x-postino-verb'?: string | readonly string[];
  parameters?: readonly Parameter[];
  requestBody?: Readonly<{ required: boolean; content: Content }>;
  responses: Readonly<Record<string, Readonly<{ content?: Content }>>>;
}>;
type Document = Readonly<{
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: Readonly<{ schemas: Readonly<Record<string, Schema>> }>;
}>;

/** The document as it is generated. */
export const openApi = openApiOf(endpoints, 'test') as unknown as Document;

export type Place = Readonly<{ method: string; path: string; operation: Operation; pattern: RegExp }>;

/** Every operation of the document. */
export const operations: readonly Place[] = Object.entries(openApi.paths).flatMap(([path, own]) =>
  Object.entries(own).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  })),
);

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
const validators = new Map<Schema, ValidateFunction>();

function wrongWith(schema: Schema, value: unknown): string | undefined {
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

type Given = Readonly<{ status: number; type: string; json: unknown }>;

/** Throws when the document does not describe this answer. Paths that it does not know are somebody else's. */
export function expectDescribed(asked: Readonly<{ method: string; path: string }>, answer: Given): void {
  const path = asked.path.split('?', 1)[0] ?? '';
  const fitting = operations.filter(({ method, pattern }) => method === asked.method && pattern.test(path));
  // A fixed path goes before a pattern.
  const place = fitting.find(({ path: own }) => own === path) ?? fitting[0];
  const wrong = place && (answer.status >= 400 ? wrongFailure(place, answer) : wrongAnswer(place, answer));
  if (wrong !== undefined) throw new Error(`${asked.method} ${path} → ${answer.status}: ${wrong}`);
}

function wrongFailure({ operation }: Place, { type, json }: Given): string | undefined {
  const own = operation.responses['default']?.content?.['application/json']?.schema;
  if (own && type.startsWith('application/json')) return wrongWith(own, json);
  if (!type.startsWith('application/problem+json')) return `no problem+json, but ${type}`;
  return wrongWith(openApi.components.schemas['Problem'] ?? {}, json);
}

function wrongAnswer({ operation }: Place, { status, type, json }: Given): string | undefined {
  const response = operation.responses[String(status)];
  if (!response) return 'the document does not know this status';
  const plain = type.split(';', 1)[0] ?? '';
  const schema = response.content?.[plain]?.schema;
  if (response.content && !schema) return `the document does not know the type ${plain}`;
  return schema && plain === 'application/json' ? wrongWith(schema, json) : undefined;
}
