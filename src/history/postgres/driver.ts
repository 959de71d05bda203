// PostgreSQL, and how it is reached; the only file that imports pg.
import { readFileSync } from 'node:fs';
import type { ClientConfig, Pool, types } from 'pg';
import { reasonOf } from '../../lib/reason.ts';
import type { Answer } from '../columns.ts';
import { HistoryProblem } from '../problem.ts';
import type { PostgresAddress } from './address.ts';
import { problemOf } from './problems.ts';
import { SCHEMA } from './schema.ts';

/** What can be passed along with a statement. */
export type Param = string | number | boolean | null | Uint8Array | readonly Param[];

export type Ask = (sql: string, values?: readonly Param[]) => Promise<readonly Answer[]>;
/** One connection, for as long as it lasts. */
export type Session = Readonly<{ ask: Ask; isOpen(): boolean; close(): Promise<void> }>;
export type Connections = Readonly<{ ask: Ask; close(): Promise<void> }>;

const CONNECT_MS = 5000;
/** Beyond its own time-out the server gets some more time, then the network is taken to be gone. */
const NETWORK_MS = 5000;
const BIGINT = 20;

/** `schema`: where the tables are, when not in SCHEMA. */
export type Limits = Readonly<{ name: string; statementMs: number; schema?: string }>;

/** Statements name our schema; values never stand in them. */
function inSchema(sql: string, schema = SCHEMA): string {
  return schema === SCHEMA ? sql : sql.replace(/\bpostino\b(?=[.;'])/g, schema);
}

/** Loaded when it is first needed: most installations never do. */
const load = () => import('pg');

type Types = typeof types;

function configOf(address: PostgresAddress, { name, statementMs }: Limits, known: Types): ClientConfig {
  const { host, port, user, password, database } = address;
  return {
    host,
    port,
    user,
    // Nothing is taken from the environment or from ~/.pgpass.
    password: password ?? '',
    database,
    ssl: tlsOf(address),
    application_name: name,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: statementMs,
    query_timeout: statementMs + NETWORK_MS,
    keepAlive: true,
    types: {
      // Our numbers fit; ids that do not are never read.
      getTypeParser: (oid, format) =>
        oid === BIGINT ? Number : known.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
    },
  };
}

/** As libpq: "require" trusts any certificate, "verify-ca" any name. */
function tlsOf({ tls, rootCertificates }: PostgresAddress): ClientConfig['ssl'] {
  if (tls === 'disable') return false;
  if (tls === 'require') return { rejectUnauthorized: false };
  const trusted = rootCertificates === undefined ? {} : { ca: readRoots(rootCertificates) };
  return {
    rejectUnauthorized: true,
    ...trusted,
    ...(tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function readRoots(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new HistoryProblem(`The file of sslrootcert in history.store cannot be read. (${reasonOf(error)})`);
  }
}

/** Connections for reading, as many as are needed and no more than `size`. */
export function openConnections(address: PostgresAddress, size: number, limits: Limits): Connections {
  let pool: Pool | undefined;
  const opened = async (): Promise<Pool> => {
    const pg = await load();
    if (pool) return pool;
    pool = new pg.Pool({
      ...configOf(address, limits, pg.types),
      max: size,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
      // A search over a year of partitions looks so dear that it would be compiled, which takes longer than the search.
      verify: (client, done) => client.query('SET jit = off', done),
    });
    // An idle connection that was cut is opened anew when it is needed.
    pool.on('error', () => undefined);
    return pool;
  };
  return {
    ask: (sql, values = []) =>
      answered(
        async () => (await (await opened()).query(inSchema(sql, limits.schema), values.map(written))).rows,
      ),
    close: async () => {
      const last = pool;
      pool = undefined;
      await last?.end();
    },
  };
}

export async function openSession(address: PostgresAddress, limits: Limits): Promise<Session> {
  return answered(async () => {
    const pg = await load();
    const client = new pg.Client(configOf(address, limits, pg.types));
    let open = true;
    client.on('error', () => (open = false));
    client.on('end', () => (open = false));
    await client.connect();
    let before: Promise<unknown> = Promise.resolve();
    return {
      // One after the other; what is asked meanwhile is put together meanwhile.
      ask: (sql: string, values: readonly Param[] = []) => {
        const [text, params] = [inSchema(sql, limits.schema), values.map(written)];
        const answer = before.then(() => answered(async () => (await client.query(text, params)).rows));
        before = answer.catch(() => undefined);
        return answer;
      },
      isOpen: () => open,
      close: async () => {
        open = false;
        await client.end().catch(() => undefined);
      },
    };
  });
}

/** Lists as PostgreSQL writes them; pg does the same, and takes several times as long. */
function written(value: Param): Exclude<Param, readonly Param[]> {
  return Array.isArray(value) ? `{${value.map(element).join(',')}}` : scalar(value);
}

function scalar(value: Param): Exclude<Param, readonly Param[]> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? null : value;
}

function element(value: Param): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`;
  return String(value);
}

async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw problemOf(error);
  }
}
