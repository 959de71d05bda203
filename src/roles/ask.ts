// The DNS as monitors ask it: addresses and names, without a cache, and with an answer for every failure.
import { Resolver } from 'node:dns/promises';
import type { Config } from '../config.ts';
import type { Answer, Ask } from '../monitor/answer.ts';

/** Asks `servers`, or the system's where there are none. */
export function openAsk({ timeout, tries }: Config['dns'], servers: readonly string[]): Ask {
  // A resolver keeps what it was answered, and an entry that is over should be seen to be over.
  const fresh = (): Resolver => {
    const resolver = new Resolver({ timeout, tries });
    if (servers.length > 0) resolver.setServers([...servers]);
    return resolver;
  };
  return {
    a: (name) => settle(fresh().resolve4(name)),
    aaaa: (name) => settle(fresh().resolve6(name)),
    // Not reverse(): that looks into /etc/hosts as well, and takes every failure for "there is none".
    ptr: (name) => settle(fresh().resolvePtr(name)),
  };
}

/** Who confirms: the resolvers named for that, else the others of `dns.servers`, else the same. */
export function confirmingServers({ dns, monitor }: Pick<Config, 'dns' | 'monitor'>): readonly string[] {
  return monitor.confirmWith.length > 0 ? monitor.confirmWith : dns.servers.toReversed();
}

async function settle(asked: Promise<readonly string[]>): Promise<Answer> {
  try {
    const records = await asked;
    return records.length > 0 ? { kind: 'found', records } : { kind: 'none' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    if (code === 'ENODATA') return { kind: 'none' };
    return code === 'ENOTFOUND' ? { kind: 'nxdomain' } : { kind: 'failed', code };
  }
}
