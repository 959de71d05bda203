// The simulated internet: mail hosts on 127.0.2.x and one port, and a DNS that knows them and the relay's own addresses.
import { startFakeDns, type FakeDns, type Records } from '../support/fake-dns.ts';
import { startHost, type Behaviour, type Host } from './host.ts';

/** A place that takes mail for some domains: its mail hosts' names, all at one address, and how they behave. */
export type Place = Readonly<{
  domains: readonly string[];
  hosts: readonly string[];
  behaviour?: Behaviour;
  /** Its hosts offer STARTTLS. */
  tls?: boolean;
  /** Nobody listens there. */
  dead?: boolean;
}>;

export type Internet = Readonly<{
  dns: FakeDns;
  mxPort: number;
  /** By the names that the places were given. */
  host(name: string): Host;
  hosts(): readonly Host[];
  close(): Promise<void>;
}>;

const TRIES = 20;

/** Starts it. `records` are added to the DNS, such as reverse names and block lists. */
export async function startInternet(
  places: Readonly<Record<string, Place>>,
  ticks: () => number,
  records: Readonly<Record<string, Records>> = {},
): Promise<Internet> {
  const { hosts, mxPort } = await startHosts(places, ticks);
  const dns = await startFakeDns({ ...recordsOf(places), ...records });
  return {
    dns,
    mxPort,
    host: (name) => {
      const host = hosts.get(name);
      if (!host) throw new Error(`there is no host ${name}`);
      return host;
    },
    hosts: () => [...hosts.values()],
    close: async () => {
      await Promise.all([...hosts.values()].map((host) => host.close()));
      await dns.close();
    },
  };
}

/** 127.0.2.1, 127.0.2.2 …, and from the 251st place on 127.0.3.1. */
function addressOf(index: number): string {
  return `127.0.${2 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

function recordsOf(places: Readonly<Record<string, Place>>): Readonly<Record<string, Records>> {
  const entries = Object.values(places).flatMap(({ domains, hosts }, index): [string, Records][] => [
    ...domains.map((domain): [string, Records] => [
      domain,
      { mx: hosts.map((host, nth): [number, string] => [10 * (nth + 1), host]) },
    ]),
    ...hosts.map((host): [string, Records] => [host, { a: [addressOf(index)] }]),
  ]);
  return Object.fromEntries(entries);
}

/** All on one port, which the first one gets from the system; where another's is taken, all begin again. */
async function startHosts(
  places: Readonly<Record<string, Place>>,
  ticks: () => number,
): Promise<Readonly<{ hosts: Map<string, Host>; mxPort: number }>> {
  for (let tried = 1; ; tried++) {
    const hosts = new Map<string, Host>();
    const mxPort = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      const living = Object.entries(places).map(([name, place], index) => ({ name, place, index }));
      for (const { name, place, index } of living.filter(({ place: { dead } }) => dead !== true)) {
        const { behaviour = {}, tls = false } = place;
        const options = { name: place.hosts[0] ?? name, address: addressOf(index), port: mxPort };
        hosts.set(name, await startHost({ ...options, behaviour, tls, ticks }));
      }
      return { hosts, mxPort };
    } catch (error) {
      await Promise.all([...hosts.values()].map((host) => host.close()));
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || tried === TRIES) throw error;
    }
  }
}
