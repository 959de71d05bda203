// Where Redis is, as the configuration writes it: redis://, rediss://, redis+sentinel://, unix:. Pure.

export type RedisAddress = Readonly<{
  username?: string;
  password?: string;
  /** Number of the database; 0 unless the address says otherwise. */
  db: number;
}> &
  Readonly<
    | { kind: 'tcp'; host: string; port: number; tls: boolean }
    | { kind: 'unix'; path: string }
    | { kind: 'sentinel'; sentinels: readonly Readonly<{ host: string; port: number }>[]; name: string }
  >;

const FORMS =
  'redis://host:6379, rediss://host:6379, redis+sentinel://host:26379,host2:26379/name or unix:/path/to/socket';

/** Reads an address; `problem` is a sentence for the configuration's author. */
export function parseRedisUrl(text: string): RedisAddress | Readonly<{ problem: string }> {
  if (text.startsWith('/')) return { kind: 'unix', path: text, db: 0 };
  if (text.startsWith('unix:')) return { kind: 'unix', path: text.slice(5).replace(/^\/\//, ''), db: 0 };
  const match = /^(redis|rediss|redis\+sentinel):\/\/(?:([^@/]*)@)?([^/?#]+)((?:\/[^/?#]*)*)$/.exec(text);
  if (!match) return { problem: `is not the address of a Redis server; write ${FORMS}` };
  const [, scheme, login, hosts = '', path = ''] = match;
  const parts = path.split('/').slice(1);
  const addresses = hosts
    .split(',')
    .map((host) => hostAndPort(host, scheme === 'redis+sentinel' ? 26379 : 6379));
  const first = addresses[0];
  if (!first || addresses.includes(undefined))
    return { problem: `has a host or port that cannot be read; write ${FORMS}` };
  if (scheme === 'redis+sentinel') return sentinelAddress(addresses, parts, credentials(login));
  if (addresses.length > 1) return { problem: 'lists several hosts, which only redis+sentinel:// may' };
  const db = database(parts[0]);
  if (db === undefined || parts.length > 1)
    return { problem: 'may end in /<number of the database> and nothing else' };
  return { kind: 'tcp', ...first, tls: scheme === 'rediss', db, ...credentials(login) };
}

type HostPort = Readonly<{ host: string; port: number }>;
type Login = Readonly<{ username?: string; password?: string }>;

function sentinelAddress(
  hosts: readonly (HostPort | undefined)[],
  parts: readonly string[],
  login: Login,
): RedisAddress | Readonly<{ problem: string }> {
  const name = parts[0] ?? '';
  if (name === '')
    return {
      problem: 'must end in the name of the master set, such as redis+sentinel://host:26379/mymaster',
    };
  const db = database(parts[1]);
  if (db === undefined || parts.length > 2)
    return { problem: 'may have /<number of the database> after the name and nothing else' };
  return { kind: 'sentinel', sentinels: hosts.filter((host) => host !== undefined), name, db, ...login };
}

function hostAndPort(text: string, standard: number): HostPort | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[2] ?? standard);
  if (!match?.[1] || port < 1 || port > 65_535) return undefined;
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

function database(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return 0;
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function credentials(login: string | undefined): Login {
  if (login === undefined || login === '') return {};
  const colon = login.indexOf(':');
  const username = decode(colon < 0 ? login : login.slice(0, colon));
  const password = colon < 0 ? '' : decode(login.slice(colon + 1));
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

/** Percent-decodes a part of the login; what is not percent-encoded correctly is taken as it stands. */
function decode(text: string): string {
  return /%(?![0-9a-fA-F]{2})/.test(text) ? text : decodeURIComponent(text);
}
