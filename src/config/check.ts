// What a configuration must keep beyond each value: names once, pools that exist, ports that do not clash. Pure.
import { isIP } from 'node:net';
import { isNetwork } from '../lib/values.ts';

/** The parts of the configuration that are looked at. */
export type Checked = Readonly<{
  users: readonly Readonly<{
    name: string;
    pool: string;
    pools: readonly string[];
    networks: readonly string[];
    domains: readonly string[];
  }>[];
  pools: readonly Readonly<{ name: string; fallback?: string | undefined }>[];
  transports: readonly Readonly<{
    name: string;
    kind: 'smtp' | 'sandbox';
    pool: string;
    address?: string | undefined;
    address6?: string | undefined;
  }>[];
  domains: readonly Readonly<{ name: string; pool?: string | undefined }>[];
  system: Readonly<{ pool?: string | undefined }>;
  smtp: Readonly<{ listeners: readonly Readonly<{ port: number; host?: string | undefined }>[] }>;
  http: Readonly<{ port: number; host: string }>;
  tracking: Readonly<{ port: number; host: string | undefined }>;
  feedback?:
    | Readonly<{ listeners: readonly Readonly<{ port: number; host?: string | undefined }>[] }>
    | undefined;
  delivery: Readonly<{ retry: Readonly<{ steps: readonly number[]; expire: number }> }>;
}>;

export type Finding = Readonly<{ path: readonly (string | number)[]; message: string }>;

/** Everything that does not fit together. */
export function crossCheck(config: Checked): readonly Finding[] {
  return [
    ...(['users', 'pools', 'transports', 'domains'] as const).flatMap((kind) =>
      namesOnce(kind, config[kind]),
    ),
    ...poolsExist(config),
    ...fallbacks(config),
    ...addresses(config),
    ...ports(config),
    ...retrySteps(config),
  ];
}

function namesOnce(kind: string, entries: readonly Readonly<{ name: string }>[]): readonly Finding[] {
  const seen = new Set<string>();
  return entries.flatMap(({ name }, index) => {
    const again = seen.has(name);
    seen.add(name);
    return again ? [{ path: [kind, index, 'name'], message: `${name} is there twice` }] : [];
  });
}

/** Only when the file declares transports: otherwise pools may come from the command line. */
function poolsExist({ users, pools, transports, domains, system }: Checked): readonly Finding[] {
  if (transports.length === 0) return [];
  const known = new Set([...pools.map(({ name }) => name), ...transports.map(({ pool }) => pool)]);
  const missing = (pool: string, path: readonly (string | number)[]): readonly Finding[] =>
    known.has(pool)
      ? []
      : [
          {
            path,
            message: `there is no pool ${pool}; give a transport "pool: ${pool}" or name one of ${[...known].join(', ')}`,
          },
        ];
  return [
    ...users.flatMap((user, index) => [
      ...missing(user.pool, ['users', index, 'pool']),
      ...user.pools.flatMap((pool, n) => missing(pool, ['users', index, 'pools', n])),
    ]),
    ...domains.flatMap(({ pool }, index) =>
      pool === undefined ? [] : missing(pool, ['domains', index, 'pool']),
    ),
    ...pools.flatMap(({ fallback }, index) =>
      fallback === undefined ? [] : missing(fallback, ['pools', index, 'fallback']),
    ),
    ...(system.pool === undefined ? [] : missing(system.pool, ['system', 'pool'])),
  ];
}

function fallbacks({ pools }: Checked): readonly Finding[] {
  return pools.flatMap(({ name, fallback }, index) =>
    fallback === name
      ? [{ path: ['pools', index, 'fallback'], message: 'is the pool itself; name another one' }]
      : [],
  );
}

function addresses({ users, transports }: Checked): readonly Finding[] {
  const bad = transports.flatMap((transport, index) => [
    ...(transport.address !== undefined && isIP(transport.address) === 0
      ? [{ path: ['transports', index, 'address'], message: 'must be an IP address of this host' }]
      : []),
    ...(transport.address6 !== undefined && isIP(transport.address6) !== 6
      ? [{ path: ['transports', index, 'address6'], message: 'must be an IPv6 address of this host' }]
      : []),
  ]);
  const networks = users.flatMap((user, index) =>
    user.networks.flatMap((network, n) =>
      isNetwork(network)
        ? []
        : [
            {
              path: ['users', index, 'networks', n],
              message: 'must be a network such as 192.0.2.0/24 or 2001:db8::/48',
            },
          ],
    ),
  );
  return [...bad, ...networks];
}

type Listener = Readonly<{ path: readonly (string | number)[]; host: string; port: number; what: string }>;

function ports({ smtp, http, tracking, feedback }: Checked): readonly Finding[] {
  const all: readonly Listener[] = [
    ...mailListeners('smtp', smtp.listeners),
    ...mailListeners('feedback', feedback?.listeners ?? []),
    { path: ['http', 'port'], host: http.host, port: http.port, what: 'http' },
    { path: ['tracking', 'port'], host: tracking.host ?? '', port: tracking.port, what: 'tracking' },
  ];
  return all.flatMap((one, index) => {
    const other = all.slice(0, index).find((earlier) => clash(earlier, one));
    return other ? [{ path: one.path, message: `port ${one.port} is taken by ${other.what} already` }] : [];
  });
}

function mailListeners(key: string, listeners: Checked['smtp']['listeners']): readonly Listener[] {
  return listeners.map(({ host = '', port }, index) => ({
    path: [key, 'listeners', index, 'port'],
    host,
    port,
    what: `${key}.listeners.${index}`,
  }));
}

function clash(one: Listener, other: Listener): boolean {
  const everywhere = ['', '0.0.0.0', '::'];
  if (one.port === 0 || one.port !== other.port) return false;
  return one.host === other.host || everywhere.includes(one.host) || everywhere.includes(other.host);
}

function retrySteps({ delivery }: Checked): readonly Finding[] {
  const { steps, expire } = delivery.retry;
  const late = steps.findIndex((step) => step >= expire);
  if (late < 0) return [];
  return [
    {
      path: ['delivery', 'retry', 'steps', late],
      message: 'is not shorter than delivery.retry.expire, so that it would never come to it',
    },
  ];
}
