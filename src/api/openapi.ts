// The OpenAPI 3.1 document, made from the same tables as the server. Pure.
import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';
import { ROOT } from './mount.ts';
import { scopes } from './scopes.ts';

type Json = Readonly<Record<string, unknown>>;
type Described = Omit<Endpoint<never>, 'serve'>;

const problemSchema = z.object({
  type: z.string().describe('"about:blank": the status says what kind it is.'),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().describe('One sentence: what happened, what to do.'),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe('Fields of the request that are wrong.'),
  reply: z.string().optional().describe('Of mail that is not taken: what SMTP would answer.'),
});

const INTRODUCTION = `Everything that Postino can do, as JSON. Keys are made with \`postino key add\` or on the dashboard's page "API keys", and sent as \`Authorization: Bearer pk_…\`.

Errors are problem+json (RFC 9457). Lists come in pages: \`next\` of a page is the \`cursor\` of the one after it, and the last page has none. Times are milliseconds since 1970. A POST with an \`Idempotency-Key\` is done once, and answered the same for 24 hours.`;

/** The document of these endpoints. */
export function openApiOf(endpoints: readonly Described[], version: string): Json {
  const paths = Object.groupBy(endpoints, pathOf);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Postino',
      version,
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, own = []]) => [
        path,
        Object.fromEntries(own.map((endpoint) => [endpoint.method.toLowerCase(), operationOf(endpoint)])),
      ]),
    ),
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: `A key. Its scopes: ${scopes.join(', ')}.`,
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'postino_session',
          description: 'A member\'s session. Changes carry its token as "x-csrf-token".',
        },
      },
    },
  };
}

function pathOf({ root = ROOT, path }: Described): string {
  return `${root}${path}`.replace(/:(\w+)/g, '{$1}');
}

function operationOf(endpoint: Described): Json {
  const { id, verb, scope, summary, description, method, path, schemas } = endpoint;
  const parameters = [
    ...parametersOf(schemas.params, 'path'),
    ...parametersOf(schemas.query, 'query'),
    ...(method === 'POST' && scope !== 'open' ? [idempotencyKey] : []),
  ];
  return {
    operationId: id,
    tags: [path.split('/')[1] ?? ''],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(verb === undefined ? {} : { 'x-postino-verb': verb }),
    'x-postino-scope': scope,
    security: scope === 'open' ? [] : [{ key: [] }, { session: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...bodyOf(endpoint),
    responses: {
      [String(statusOf(endpoint))]: goodAnswerOf(endpoint),
      default: { description: 'What went wrong.', content: failureOf(endpoint) },
    },
  };
}

/** Who asks wrongly hears a problem even where the endpoint has a form of its own. */
function failureOf({ failure }: Described): Json {
  return {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    ...(failure ? { 'application/json': { schema: schemaOf(failure, 'output') } } : {}),
  };
}

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Of your own making: a request with the same one is not done again, and gets the same answer.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** Status of a good answer. */
export function statusOf({ status, schemas, produces }: Described): number {
  return status ?? (schemas.answer || produces !== undefined ? 200 : 204);
}

function goodAnswerOf({ schemas, produces, location }: Described): Json {
  const place = { Location: { description: 'Where it is.', schema: { type: 'string' } } };
  const done = { description: 'Done.', ...(location === undefined ? {} : { headers: place }) };
  const content = {
    ...(schemas.answer ? { 'application/json': { schema: schemaOf(schemas.answer, 'output') } } : {}),
    ...(produces === undefined ? {} : { [produces]: { schema: { type: 'string' } } }),
  };
  return Object.keys(content).length === 0 ? done : { ...done, content };
}

function bodyOf({ schemas, accepts = [] }: Described): Json {
  const { body } = schemas;
  if (!body && accepts.length === 0) return {};
  const content = {
    ...(body ? { 'application/json': { schema: schemaOf(body, 'input') } } : {}),
    ...Object.fromEntries(accepts.map((type) => [type, { schema: { type: 'string' } }])),
  };
  // A body whose fields may all be left out may be left out itself.
  const required = body ? !body.safeParse({}).success : true;
  return { requestBody: { required, content } };
}

/** Path and query fields one by one, as the document wants them. */
function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query'): readonly Json[] {
  if (!schema) return [];
  const { properties, required } = objectSchema.parse(schemaOf(schema, 'input'));
  return Object.entries(properties).map(([name, { description, ...of }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: of,
  }));
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.looseObject({ description: z.string().optional() })).default({}),
  required: z.array(z.string()).default([]),
});

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}
