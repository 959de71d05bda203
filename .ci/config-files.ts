// The schema of the configuration file, and the commented file itself, from what the program reads.
import { z } from 'zod';
import { configSchema } from '../src/config.ts';
import { sayDuration } from '../src/lib/duration.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Schema = {
  type?: string;
  description?: string;
  default?: Json;
  enum?: readonly Json[];
  const?: Json;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
};

const MEGA = 1_000_000;
const MEBI = 1_048_576;

/** Bytes as the configuration writes them. */
function sayBytes(bytes: number): string {
  if (bytes % MEBI === 0) return `${bytes / MEBI}MiB`;
  return bytes % MEGA === 0 ? `${bytes / MEGA}MB` : `${bytes}B`;
}

/** Defaults are values as the program has them (milliseconds, bytes); the file writes "5m" and "36MB". */
function written(schema: Schema, value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => written(schema.items ?? {}, item));
  if (typeof value === 'number' && schema.type === 'string') return sayDuration(value).replaceAll(' ', '');
  if (value === 0 && schema.anyOf?.some((one) => one.const === 'now')) return 'now';
  if (typeof value === 'number' && schema.anyOf?.some((one) => one.type === 'string')) return sayBytes(value);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, written(schema.properties?.[key] ?? {}, item)]),
    );
  return value;
}

/** JSON Schema drops the default of a value that is transformed on reading; Zod still knows it. */
function defaultOf(zodSchema: z.core.$ZodType): Json | undefined {
  const { def } = zodSchema._zod;
  return def.type === 'default' && 'defaultValue' in def ? (def.defaultValue as Json) : undefined;
}

const schema: Schema = JSON.parse(
  JSON.stringify(
    z.toJSONSchema(configSchema, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        const one = jsonSchema as Schema;
        const value = defaultOf(zodSchema);
        if (value !== undefined) one.default = written(one, value);
      },
    }),
  ),
);

const COLUMN = 100;
/** Lines that are not commented out: what a container sets through its environment. */
const ACTIVE: Readonly<Record<string, string>> = {
  hostname: '"${POSTINO_HOSTNAME:-}"',
  data: '"${POSTINO_DATA:-./data}"',
  redis: '"${POSTINO_REDIS:-embedded}"',
  adminPassword: '"${POSTINO_ADMIN_PASSWORD:-}"',
};

/** Entries that show what matters, where there is no default or it is too long to read. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  listeners: ['{ port: 2525, tls: starttls }', '{ port: 2465, tls: implicit }'],
  routes: ['{ domain: "*.example.org", host: 10.0.0.5, port: 25 }'],
  pools: ['{ name: newsletters }'],
  transports: ['{ name: ip1, address: 192.0.2.10, ehlo: mx1.example.net }'],
  domains: ['{ name: shop.example }'],
  users: [
    '{ name: shop, password: "${SHOP_PASSWORD}", domains: [shop.example] }',
    '{ name: scanner, networks: [192.0.2.64/28], domains: [office.example] }',
  ],
};

/** What an object inside an entry may look like, for keys whose schema is too long to be read here. */
const SUCH_AS: Readonly<Record<string, string>> = {
  defaults: '{ opens: true, clicks: html, unsubscribe: true, topic: news, ttl: 2h }',
  rules: '[{ when: { subject: "Invoice *" }, set: { campaign: invoices, priority: 2 } }]',
  header: '{ html: "<p>…</p>", text: "…" }',
  brand: '{ name: Shop, logo: "https://shop.example/logo.png" }',
};

function wrap(text: string, indent: string): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length + indent.length > COLUMN) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => `${indent}# ${line}`);
}

const yamlOf = (value: Json): string => {
  if (Array.isArray(value)) return `[${value.map(yamlOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    if (Object.keys(value).length === 0) return '{}';
    const pairs = Object.entries(value).filter(([, item]) => !(Array.isArray(item) && item.length === 0));
    return `{ ${pairs.map(([key, item]) => `${key}: ${yamlOf(item)}`).join(', ')} }`;
  }
  if (typeof value === 'string') return /^[\w./-][\w./ -]*$/.test(value) ? value : JSON.stringify(value);
  return String(value);
};

/** What may stand there, for a key without a default. */
function sayKind(one: Schema): string {
  if (one.enum) return one.enum.map(yamlOf).join(' | ');
  if (one.type === 'array') return `[${sayKind(one.items ?? {})}]`;
  if (one.type === 'object') return '{…}';
  return one.type === 'integer'
    ? 'number'
    : (one.type ?? one.anyOf?.map(sayKind).join(' | ') ?? 'text').replace('string', 'text');
}

function keyLines(key: string, one: Schema, depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const lines = one.description ? [...wrap(`${one.description}${choices(one)}`, indent)] : [];
  if (one.type === 'object' && one.properties)
    return [...lines, `${indent}# ${key}:`, ...section(one.properties, depth + 1)];
  if (depth === 0 && ACTIVE[key] !== undefined) return [...lines, `${key}: ${ACTIVE[key]}`];
  if (one.items?.properties) return [...lines, ...list(key, one, indent)];
  const value = one.default === undefined ? `<${sayKind(one)}>` : yamlOf(one.default);
  return [...lines, `${indent}# ${key}: ${value}`];
}

function choices(one: Schema): string {
  const words = one.enum?.map(yamlOf) ?? [];
  return words.every((word) => one.description?.includes(word)) ? '' : ` One of ${words.join(', ')}.`;
}

/** A list of entries: its default or an example, then every key that an entry may have. */
function list(key: string, one: Schema, indent: string): readonly string[] {
  const standard = Array.isArray(one.default) ? one.default.map(yamlOf) : [];
  const isShort = standard.length > 0 && standard.every((line) => line.length < COLUMN / 2);
  const examples = isShort ? standard : (EXAMPLES[key] ?? standard);
  const keys = Object.entries(one.items?.properties ?? {}).flatMap(([name, value]) => {
    const standard = value.default === undefined ? `<${sayKind(value)}>` : yamlOf(value.default);
    const example = SUCH_AS[name] === undefined ? '' : ` Such as ${SUCH_AS[name]}`;
    const text = value.description ? ` · ${value.description}${choices(value)}${example}` : '';
    return wrap(`${name}: ${standard}${text}`, `${indent}#   `).map((line) =>
      line.replace('#   # ', '#     # '),
    );
  });
  return [
    `${indent}# ${key}:`,
    ...examples.map((example) => `${indent}#   - ${example}`),
    `${indent}#   # keys of an entry:`,
    ...keys,
  ];
}

function section(properties: Record<string, Schema>, depth: number): readonly string[] {
  return Object.entries(properties).flatMap(([key, one]) => [
    ...(depth === 0 ? [''] : []),
    ...keyLines(key, one, depth),
  ]);
}

const HEAD = `# Postino's configuration. Everything has a default; what is commented out shows it.
# Take the "# " away in front of what you change. \${NAME} and \${NAME:-default} take environment variables.
# Users, domains, pools and transports may be declared here or made by commands ("postino user add …"): what stands
# here only this file changes, at the next start. "postino check" reports every problem with its line.
# Written by "npm run generate" from the schema: edit your copy, not this one.
# yaml-language-server: $schema=./postino.schema.json
`;

export const configFiles = {
  'config/postino.schema.json': `${JSON.stringify({ title: 'Postino', ...schema }, null, 2)}\n`,
  'config/postino.yaml': `${HEAD}${section(schema.properties ?? {}, 0).join('\n')}\n`,
};
