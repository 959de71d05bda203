// The configuration: every slice's schema assembled, read from one YAML file, checked as a whole, all problems at once.
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { smtpConfig } from './accept/config.ts';
import { alertsConfig } from './alerts/config.ts';
import { batchConfig } from './batch/config.ts';
import { crossCheck } from './config/check.ts';
import { declaredDomain, declaredPool, declaredTransport, declaredUser } from './config/entries.ts';
import { readYaml, type Environment, type Problem, type ReadFile } from './config/read.ts';
import { deliveryConfig, dnsConfig } from './deliver/config.ts';
import { warmupConfig } from './deliver/warmup/config.ts';
import { eventsConfig } from './events/config.ts';
import { feedbackConfig } from './feedback/config.ts';
import { historyConfig } from './history/config.ts';
import { httpConfig } from './http/config.ts';
import { trackingConfig } from './http/tracking-config.ts';
import { durationLike } from './lib/values.ts';
import { nameSchema } from './model/settings.ts';
import { monitorConfig } from './monitor/config.ts';
import { scanConfig } from './scan/config.ts';
import { archiveConfig } from './store/archive/config.ts';
import { suppressionConfig } from './store/suppression-config.ts';
import { parseRedisUrl } from './store/redis-url.ts';
import { webhooksConfig } from './webhooks/config.ts';
import { reasonOf } from './lib/reason.ts';

export type { Environment, Problem } from './config/read.ts';

const redisAddress = z.string().superRefine((text, context) => {
  if (text === 'embedded') return;
  const address = parseRedisUrl(text);
  if ('problem' in address)
    context.addIssue({ code: 'custom', message: `${address.problem}, or "embedded" for a Redis of our own` });
});

const duration = durationLike('"25s" or "1m"', 'allowed');

const systemSchema = z.strictObject({
  pool: nameSchema
    .optional()
    .describe(
      'Pool by which our own mail (bounces, alerts) leaves; default: "default", or the first transport\'s.',
    ),
  domain: z
    .string()
    .min(1)
    .optional()
    .describe('Domain of its sender address and DKIM keys; default: hostname.'),
});

const logSchema = z.strictObject({
  level: z
    .enum(['silent', 'error', 'warn', 'info', 'debug', 'trace'])
    .default('info')
    .describe('How much to log.'),
});

export const configSchema = z.strictObject({
  hostname: z
    .string()
    .min(1)
    .optional()
    .describe("Our name in greetings, EHLO and Message-IDs; default: the system's."),
  data: z
    .string()
    .min(1)
    .default('./data')
    .describe('Folder of the embedded Redis, events, large bodies, keys and certificates.'),
  redis: redisAddress
    .default('embedded')
    .describe('"embedded", redis://…, rediss://…, redis+sentinel://host:26379,host2/name or unix:/path.'),
  durability: z
    .enum(['strict', 'relaxed', 'trusted'])
    .default('strict')
    .describe(
      'strict: each 250 is on disk; relaxed: a power cut may lose the last second; trusted: a managed Redis that hides its settings.',
    ),
  bodies: z
    .enum(['file', 'redis'])
    .optional()
    .describe(
      'Where messages over 256 KiB wait: file (one host) or redis (several hosts); default: file with the embedded Redis.',
    ),
  smtp: smtpConfig.prefault({}).describe('The SMTP front door.'),
  http: httpConfig.prefault({}).describe('The page, health and metrics: never on the public side.'),
  tracking: trackingConfig
    .prefault({})
    .describe('Tracked links, pixels and the unsubscribe page: the public side, and only /t/.'),
  feedback: feedbackConfig
    .optional()
    .describe(
      'Mail to ourselves, such as requests to unsubscribe; without it no letter names such an address.',
    ),
  dns: dnsConfig.prefault({}).describe('How MX hosts are found.'),
  delivery: deliveryConfig.prefault({}).describe('How mail leaves.'),
  warmup: warmupConfig
    .prefault({})
    .describe('How many messages a day a new address may send to each provider, by its age.'),
  monitor: monitorConfig
    .prefault({})
    .describe('What watches over transports and senders: block lists, reverse DNS, rates, thresholds.'),
  suppression: suppressionConfig
    .prefault({})
    .describe('What puts recipients on the suppression list by itself: hard and soft bounces, complaints.'),
  scan: scanConfig
    .optional()
    .describe('A scanner that looks at mail before it is sent; without it nobody does.'),
  alerts: alertsConfig
    .prefault({})
    .describe('Who hears of trouble, and how. Such as { to: [ops@example.com] }'),
  batch: batchConfig
    .prefault({})
    .describe('Files that go out by the hour or day, and lists that come in, in folders and S3 buckets.'),
  webhooks: webhooksConfig
    .prefault({})
    .describe('Where webhooks may go. They are made by command, API or dashboard, and not here.'),
  events: eventsConfig.prefault({}).describe('The record of what became of each message.'),
  archive: archiveConfig
    .prefault({})
    .describe('Messages that are kept after their last delivery, for users that have "archive" set.'),
  history: historyConfig
    .prefault({})
    .describe('What search and statistics are made from: how long it is kept, and in which form.'),
  system: systemSchema.prefault({}).describe('Our own mail.'),
  log: logSchema.prefault({}).describe('The log on standard output.'),
  stopWithin: duration
    .default(25_000)
    .describe('How long a stop waits for messages whose end a server has yet to confirm.'),
  adminPassword: z
    .string()
    .min(8)
    .optional()
    .describe('Password of the member "admin" of the dashboard; without it one is made at the first start.'),
  masterKey: z
    .string()
    .optional()
    .describe(
      'Seals DKIM keys: 32 bytes in hex; without it keys/master.key in the data folder. POSTINO_MASTER_KEY sets it, too.',
    ),
  pools: z
    .array(declaredPool)
    .default([])
    .describe('Pools without transports yet; a pool that a transport names need not be listed.'),
  transports: z.array(declaredTransport).default([]).describe('Our outbound addresses.'),
  domains: z
    .array(declaredDomain)
    .default([])
    .describe('Sender domains that we sign for; keys are made at the first start ("postino domain show").'),
  users: z.array(declaredUser).default([]).describe('Who may send.'),
});

type Parsed = z.infer<typeof configSchema>;

/** The configuration with everything filled in. */
export type Config = Readonly<
  Omit<Parsed, 'hostname' | 'bodies' | 'system'> & {
    hostname: string;
    bodies: 'file' | 'redis';
    system: Readonly<{ pool: string; domain: string }>;
    /** The file it was read from; undefined when there is none. */
    file: string | undefined;
    /** Who wrote the value at a path; undefined: it is a default. */
    originOf: ReadFile['origin'];
  }
>;

/** A configuration that cannot be used: all its problems, for exit code 78. */
export class ConfigProblem extends Error {
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map((problem) => `  ${sayProblem(file, problem)}`);
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${lines.join('\n')}`,
    );
    this.name = 'ConfigProblem';
    this.problems = problems;
  }
}

export type LoadOptions = Readonly<{ file?: string | undefined; environment: Environment }>;

/**
 * Reads the file that `--config` or POSTINO_CONFIG names, else config/postino.yaml where it is there, else nothing:
 * everything has a default. Throws ConfigProblem.
 */
export function loadConfig({ file, environment }: LoadOptions): Config {
  const named = file ?? (environment['POSTINO_CONFIG'] || undefined);
  const path = resolve(named ?? 'config/postino.yaml');
  if (named === undefined && !existsSync(path)) return parseConfig('', { file: undefined, environment });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = reasonOf(error);
    throw new ConfigProblem(path, [
      { path: '', message: `cannot be read (${why}); name another file with --config or POSTINO_CONFIG` },
    ]);
  }
  return parseConfig(text, { file: path, environment });
}

/** The configuration in `text`. Throws ConfigProblem. */
export function parseConfig(text: string, { file, environment }: LoadOptions): Config {
  const read = readYaml(text, environment);
  const name = file ?? 'configuration';
  if (read.value === undefined) throw new ConfigProblem(name, read.problems);
  const result = parseWithVariables(read);
  const located = (
    issues: readonly Readonly<{ path: readonly PropertyKey[]; message: string }>[],
  ): Problem[] =>
    issues.map((issue) => ({
      path: issue.path.join('.'),
      ...read.place(issue.path),
      message: issue.message,
    }));
  const found = result.success ? crossCheck(result.data) : result.error.issues.flatMap(sayIssue);
  const problems = [...read.problems, ...located(found)];
  if (!result.success || problems.length > 0) throw new ConfigProblem(name, problems);
  return complete(result.data, { file, environment }, read.origin);
}

function complete(parsed: Parsed, { file, environment }: LoadOptions, written: ReadFile['origin']): Config {
  const ourName = parsed.hostname ?? hostname();
  const masterKey = parsed.masterKey ?? (environment['POSTINO_MASTER_KEY'] || undefined);
  return {
    ...parsed,
    ...(masterKey === undefined ? {} : { masterKey }),
    hostname: ourName,
    data: resolve(parsed.data),
    bodies: parsed.bodies ?? (parsed.redis === 'embedded' ? 'file' : 'redis'),
    system: { pool: systemPool(parsed), domain: parsed.system.domain ?? ourName },
    file,
    originOf: (path) =>
      written(path) ??
      (path.join('.') === 'masterKey' && masterKey !== undefined ? { from: 'environment' } : undefined),
  };
}

function systemPool({ system, transports, pools }: Parsed): string {
  const names = [...transports.map(({ pool }) => pool), ...pools.map(({ name }) => name)];
  return system.pool ?? (names.includes('default') ? 'default' : (names[0] ?? 'default'));
}

/** Variables are text; where the schema wants a number or a truth value, a text that is one is taken as one. */
function parseWithVariables(read: ReadFile): z.ZodSafeParseResult<Parsed> {
  const first = configSchema.safeParse(read.value);
  if (first.success) return first;
  for (const issue of first.error.issues) {
    const text = issue.code === 'invalid_type' ? read.substituted(issue.path) : undefined;
    const value =
      text === undefined || issue.code !== 'invalid_type' ? undefined : convert(text, issue.expected);
    if (value !== undefined) setIn(read.value, issue.path, value);
  }
  return configSchema.safeParse(read.value);
}

function convert(text: string, expected: string): number | boolean | undefined {
  if (expected === 'number' || expected === 'int')
    return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  if (expected === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return undefined;
}

function setIn(root: unknown, path: readonly PropertyKey[], value: unknown): void {
  const last = path.at(-1);
  let holder: unknown = root;
  for (const key of path.slice(0, -1))
    holder = typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined;
  if (typeof holder === 'object' && holder !== null && last !== undefined) Reflect.set(holder, last, value);
}

function sayIssue(
  issue: z.core.$ZodIssue,
): readonly Readonly<{ path: readonly PropertyKey[]; message: string }>[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    message: 'is not a key we know; see config/postino.yaml for all of them',
  }));
}

function sayProblem(file: string, { path, line, column, message }: Problem): string {
  const where = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  return path === '' ? `${where} ${message}` : `${where} ${path}: ${message}`;
}
