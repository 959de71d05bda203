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

/** Throws when the document does not describe this answer. Paths that it does not know are somebody else's. */
export function expectDescribed(
  asked: Readonly<{ method: string; path: string }>,
  answer: Readonly<{ status: number; type: string; json: unknown }>,
): void {
  const path = asked.path.split('?', 1)[0] ?? '';
  const fitting = operations.filter(({ method, pattern }) => method === asked.method && pattern.test(path));
  // A fixed path goes before a pattern.
  const place = fitting.find(({ path: own }) => own === path) ?? fitting[0];
  if (!place) return;
  const where = `${asked.method} ${path} → ${answer.status}`;
  if (answer.status >= 400) {
    const own = place.operation.responses['default']?.content?.['application/json']?.schema;
    if (own && answer.type.startsWith('application/json')) {
      const wrong = wrongWith(own, answer.json);
      if (wrong !== undefined) throw new Error(`${where}: ${wrong}`);
      return;
    }
    const isProblem = answer.type.startsWith('application/problem+json');
    const wrong = wrongWith(openApi.components.schemas['Problem'] ?? {}, answer.json);
    if (!isProblem || wrong !== undefined)
      throw new Error(`${where}: no problem+json (${wrong ?? answer.type})`);
    return;
  }
  const response = place.operation.responses[String(answer.status)];
  if (!response) throw new Error(`${where}: the document does not know this status`);
  const type = answer.type.split(';', 1)[0] ?? '';
  const schema = response.content?.[type]?.schema;
  if (response.content && !schema) throw new Error(`${where}: the document does not know the type ${type}`);
  const wrong = schema && type === 'application/json' ? wrongWith(schema, answer.json) : undefined;
  if (wrong !== undefined) throw new Error(`${where}: ${wrong}`);
}
