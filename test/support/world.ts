// The world around a relay under test: a fake DNS, and fake mail hosts on several loopback addresses and one port.
import { startFakeDns, type FakeDns, type Records } from './fake-dns.ts';
import { startFakeMx, type FakeMx, type MxOptions } from './fake-mx.ts';

export type World<Name extends string = string> = Readonly<{
  dns: FakeDns;
  /** The hosts by the names they were asked for. */
  mx: Readonly<Record<Name, FakeMx>>;
  /** The port that all hosts listen on, each on its own address: `delivery.mxPort`. */
  mxPort: number;
  close(): Promise<void>;
}>;

/** A host needs an address of its own, such as 127.0.0.41, since all share one port. */
export type WorldHost = MxOptions & Readonly<{ host: string }>;

/** Starts the hosts and a DNS with `records`. A name in the DNS whose address nobody listens on is a dead host. */
export async function startWorld<Name extends string>(
  hosts: Readonly<Record<Name, WorldHost>>,
  records: Readonly<Record<string, Records>>,
): Promise<World<Name>> {
  const { mx, port } = await onOnePort(hosts);
  const dns = await startFakeDns(records);
  return {
    dns,
    mx,
    mxPort: port,
    close: async () => {
      await Promise.all([...listOf(mx).map((host) => host.close()), dns.close()]);
    },
  };
}

/**
 * The least that a relay can deliver to: domain "one.test" at mx.one.test (127.0.0.41, STARTTLS) and "two.test" at
 * mx.two.test (127.0.0.42, plain). `options` is for both hosts.
 */
export function startSmallWorld(options: MxOptions = {}): Promise<World<'one' | 'two'>> {
  return startWorld(
    {
      one: { name: 'mx.one.test', starttls: true, ...options, host: '127.0.0.41' },
      two: { name: 'mx.two.test', ...options, host: '127.0.0.42' },
    },
    {
      'one.test': { mx: [[10, 'mx.one.test']] },
      'mx.one.test': { a: ['127.0.0.41'] },
      'two.test': { mx: [[10, 'mx.two.test']] },
      'mx.two.test': { a: ['127.0.0.42'] },
    },
  );
}

const listOf = (mx: Readonly<Record<string, FakeMx>>): readonly FakeMx[] => Object.values(mx);

/** The first host takes any free port; where it is not free on another's address, all begin again. */
async function onOnePort<Name extends string>(
  hosts: Readonly<Record<Name, WorldHost>>,
): Promise<Readonly<{ mx: Readonly<Record<Name, FakeMx>>; port: number }>> {
  for (;;) {
    const started: [string, FakeMx][] = [];
    try {
      for (const [name, options] of Object.entries<WorldHost>(hosts))
        started.push([name, await startFakeMx({ ...options, port: started[0]?.[1].port ?? 0 })]);
      const mx = Object.fromEntries(started) as Readonly<Record<Name, FakeMx>>;
      return { mx, port: started[0]?.[1].port ?? 0 };
    } catch (error) {
      await Promise.all(started.map(([, host]) => host.close()));
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
}
