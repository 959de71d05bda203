// The address of a PostgreSQL database as people write it, with how its TLS is checked. Pure.

/** How far a server is trusted: as libpq's sslmode; without "prefer" and "allow", which protect from nobody. */
const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

export type PostgresAddress = Readonly<{
  /** Name, address, or the folder of a socket. */
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  tls: TlsMode;
  /** Path of the certificates of those who may sign the server's; undefined: those that the system knows. */
  rootCertificates?: string;
}>;

const KNOWN = new Set(['host', 'port', 'sslmode', 'sslrootcert']);
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;
const DEFAULT_PORT = 5432;

/** The parts of "postgres://user:password@host:5432/database?sslmode=verify-full"; a sentence where something is wrong. */
export function parsePostgresUrl(text: string): PostgresAddress | string {
  const url = urlOf(text);
  if (!url) return 'must be "sqlite", or an address such as postgres://user@host/database';
  const unknown = [...url.searchParams.keys()].find((name) => !KNOWN.has(name));
  if (unknown !== undefined) return `does not know "${unknown}": only ${[...KNOWN].join(', ')}`;
  const option = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const [user, database] = [decode(url.username), decode(url.pathname.slice(1))];
  const host = option('host') ?? decode(url.hostname).replace(/^\[|\]$/g, '');
  if (user === '' || database === '' || host === '')
    return 'names no user, no host or no database: postgres://user@host/database';
  const isNear = host.startsWith('/') || LOOPBACK.test(host);
  const tls = tlsModes.find((mode) => mode === (option('sslmode') ?? (isNear ? 'disable' : 'verify-full')));
  if (!tls) return `has an sslmode that is none of ${tlsModes.join(', ')}`;
  const password = decode(url.password);
  const rootCertificates = option('sslrootcert');
  return {
    host,
    port: Number(option('port') ?? (url.port || DEFAULT_PORT)),
    user,
    ...(password === '' ? {} : { password }),
    database,
    tls,
    ...(rootCertificates === undefined ? {} : { rootCertificates }),
  };
}

/** "postgres://host:5432/database", without who and how: for logs. */
export function sayAddress({ host, port, database }: PostgresAddress): string {
  return host.startsWith('/') ? `postgres:${host}/${database}` : `postgres://${host}:${port}/${database}`;
}

function urlOf(text: string): URL | undefined {
  // A URL without a host is none; a socket's folder is told by "host".
  const full = text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)\//, '$1socket/');
  if (!/^postgres(?:ql)?:\/\//.test(full) || !URL.canParse(full)) return undefined;
  return new URL(full);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
