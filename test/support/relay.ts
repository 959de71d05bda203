// A whole Postino as a child process, with its own data folder, ports and embedded Redis, for tests that must not see inside.
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { stringify } from 'yaml';
import { embeddedSocket } from '../../src/embedded.ts';
import type { Event } from '../../src/model/event.ts';
import { exited, freePorts, isRunning, launch, redisPidIn, runCli } from './relay-process.ts';
import type { World } from './world.ts';

const END_MS = 60_000;

/** A user of the relay, with what its mail must look like on the other side. */
export type RelayUser = Readonly<{
  name: string;
  password: string;
  /** May stand in From; the relay has DKIM keys for it. */
  domain: string;
  /** Clients on these addresses need no AUTH. */
  networks: readonly string[];
  /** Source address and EHLO name of the only transport in its pool. */
  address: string;
  ehlo: string;
}>;

/** Two users in two pools, each with a transport of its own. */
export const relayUsers = {
  shop: {
    name: 'shop',
    password: 'shop-Secret-17',
    domain: 'shop.example',
    networks: ['127.0.0.65/32', '127.0.0.66/32'],
    address: '127.0.1.1',
    ehlo: 'out1.relay.test',
  },
  office: {
    name: 'office',
    password: 'office-Secret-18',
    domain: 'office.example',
    networks: ['127.0.0.75/32', '127.0.0.76/32'],
    address: '127.0.1.2',
    ehlo: 'out2.relay.test',
  },
} as const satisfies Readonly<Record<string, RelayUser>>;

export type RelayOptions = Readonly<{
  /** Where mail goes: its DNS and port of MX hosts. Without it there is none, and mail waits. */
  world?: Pick<World, 'dns' | 'mxPort'>;
  /** Merged into the generated configuration, objects key by key, everything else replaced. */
  config?: Readonly<Record<string, unknown>>;
  /** Roles to run; all unless said otherwise. Processes of one relay need a `redis` and a `data` in common. */
  roles?: readonly ('submission' | 'delivery' | 'http')[];
  /** Address of a Redis; the embedded one unless said otherwise. */
  redis?: string;
  /** Data folder, which is then not removed at the end; one of its own unless said otherwise. */
  data?: string;
  /** Entry file of another version of Postino. */
  main?: string;
  /** Environment variables beside our own. */
  env?: Readonly<Record<string, string>>;
}>;

export type Relay = Readonly<{
  /** Listeners on 127.0.0.1: STARTTLS offered, TLS from the first byte, no TLS. They stay the same through restarts. */
  ports: Readonly<{ starttls: number; implicit: number; plain: number; http: number; tracking: number }>;
  adminPassword: string;
  data: string;
  configFile: string;
  /** Everything that the process wrote to standard output and error, through all restarts. */
  logFile: string;
  log(): string;
  /** The process now; undefined when it does not run. */
  pid(): number | undefined;
  /** The embedded Redis; undefined when there is none. It outlives kill9() until the next start adopts it. */
  redisPid(): number | undefined;
  /** SIGTERM, and waits for the end; resolves with the exit code. */
  stop(): Promise<number | undefined>;
  /** kill -9 of the process alone, and waits for its end. */
  kill9(): Promise<void>;
  /** Starts it again on the same data and ports; resolves when it is up. */
  start(): Promise<void>;
  /** Every whole line of data/events, in order. */
  events(): readonly Event[];
  /** Runs a command of Postino with this configuration, such as ['user', 'list']. */
  cli(args: readonly string[]): Promise<Readonly<{ code: number | null; stdout: string; stderr: string }>>;
  /** TXT records of a sender domain's DKIM keys by name, as the DNS would have them. Needs the embedded Redis. */
  dkimRecords(domain: string): Promise<Readonly<Record<string, string>>>;
  /** Kills what still runs, Redis too, and removes the folder. */
  close(): Promise<void>;
}>;

/** Starts a relay; resolves when it is up, rejects with its last words when it does not come up. */
export async function startRelay(options: RelayOptions = {}): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'postino-relay-'));
  const data = options.data ?? join(folder, 'data');
  const [starttls = 0, implicit = 0, plain = 0, http = 0, tracking = 0] = await freePorts(5);
  const ports = { starttls, implicit, plain, http, tracking };
  const files = { config: join(folder, 'postino.yaml'), log: join(folder, 'postino.log') };
  const adminPassword = 'admin-Secret-19';
  const config = merge(configFor({ ports, data, adminPassword, options }), options.config ?? {});
  writeFileSync(files.config, stringify(config), { mode: 0o600 });
  // As the launcher does it: compiled code is kept, so that commands cost half.
  const kept = { NODE_COMPILE_CACHE: join(tmpdir(), 'postino-test-compiled') };
  const environment = { ...process.env, ...kept, ...options.env };
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<number | undefined> => {
    const running = child;
    if (!running || !isRunning(running)) return running?.exitCode ?? undefined;
    const gone = exited(running, END_MS);
    running.kill(signal);
    await gone;
    return running.exitCode ?? undefined;
  };
  const start = async (): Promise<void> => {
    const roles = options.roles ? ['--role', ...options.roles] : [];
    child = await launch(['start', '--config', files.config, ...roles], {
      log: files.log,
      data,
      environment,
      main: options.main,
    });
  };
  const relay: Relay = {
    ports,
    adminPassword,
    data,
    configFile: files.config,
    logFile: files.log,
    log: () => readFileSync(files.log, 'utf8'),
    pid: () => (child && isRunning(child) ? child.pid : undefined),
    redisPid: () => redisPidIn(data),
    stop: () => end('SIGTERM'),
    kill9: async () => void (await end('SIGKILL')),
    start,
    events: () => readEvents(join(data, 'events')),
    cli: (args) => runCli([...args, '--config', files.config], environment),
    dkimRecords: (domain) => readDkimRecords(data, domain),
    close: async () => {
      await end('SIGKILL');
      const redis = redisPidIn(data);
      if (redis !== undefined) process.kill(redis, 'SIGKILL');
      if (process.env['POSTINO_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await start();
    return relay;
  } catch (error) {
    await relay.close();
    throw error;
  }
}

type Ports = Relay['ports'];

function configFor(
  made: Readonly<{ ports: Ports; data: string; adminPassword: string; options: RelayOptions }>,
): Readonly<Record<string, unknown>> {
  const { ports, data, adminPassword, options } = made;
  const host = '127.0.0.1';
  const users = Object.values(relayUsers);
  return {
    hostname: 'relay.test',
    data,
    redis: options.redis ?? 'embedded',
    adminPassword,
    smtp: {
      listeners: [
        { host, port: ports.starttls, tls: 'starttls' },
        { host, port: ports.implicit, tls: 'implicit' },
        { host, port: ports.plain, tls: 'none' },
      ],
    },
    http: { host, port: ports.http },
    tracking: { host, port: ports.tracking },
    dns: { servers: [options.world?.dns.server ?? '127.0.0.1:9'], timeout: '1s', tries: 1 },
    delivery: { mxPort: options.world?.mxPort ?? 9, allowPrivateAddresses: true },
    domains: users.map(({ domain }) => ({ name: domain })),
    transports: users.map(({ name, address, ehlo }) => ({ name: `${name}-ip`, address, ehlo, pool: name })),
    users: users.map(({ name, password, domain, networks }) => ({
      name,
      password,
      networks,
      domains: [domain],
      pool: name,
    })),
  };
}

function merge(
  one: Readonly<Record<string, unknown>>,
  other: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const old = merged[key];
    merged[key] = isRecord(old) && isRecord(value) ? merge(old, value) : value;
  }
  return merged;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readEvents(folder: string): readonly Event[] {
  if (!existsSync(folder)) return [];
  const segments = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return segments.toSorted().flatMap((name) =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line): Event => JSON.parse(line)),
  );
}

async function readDkimRecords(data: string, domain: string): Promise<Readonly<Record<string, string>>> {
  const redis = new Redis({ path: embeddedSocket(data) ?? '', lazyConnect: true });
  try {
    const stored: { keys?: readonly { selector: string; algorithm: string; publicKey: string }[] } =
      JSON.parse((await redis.hget('postino:domains', domain)) ?? '{}');
    return Object.fromEntries(
      (stored.keys ?? []).map(({ selector, algorithm, publicKey }) => [
        `${selector}._domainkey.${domain}`,
        `v=DKIM1; k=${algorithm.split('-')[0]}; p=${publicKey}`,
      ]),
    );
  } finally {
    redis.disconnect();
  }
}
