// The DNS as commands ask it: text records, aliases and addresses of a name.
import type { Config } from '../config.ts';
import { isLoopbackName } from '../http/tracking-config.ts';
import { openResolver } from '../lib/resolver.ts';
import type { ResolveTxt } from '../store/domains.ts';
import type { ResolveMx } from '../store/return-host.ts';
import type { ResolveHost } from '../store/tracking-host.ts';

/** Asks the configured servers, or the system's. All reject when the DNS does not answer. */
export function openDns(config: Config['dns']): Readonly<{
  resolveTxt: ResolveTxt;
  resolveHost: ResolveHost;
  resolveMx: ResolveMx;
}> {
  const resolver = openResolver(config);
  return {
    resolveTxt: async (name) => (await orNone(resolver.resolveTxt(name))).map((strings) => strings.join('')),
    resolveMx: async (name) => (await orNone(resolver.resolveMx(name))).map(({ exchange }) => exchange),
    resolveHost: async (name) => {
      const [cname, four, six] = await Promise.all([
        orNone(resolver.resolveCname(name)),
        orNone(resolver.resolve4(name)),
        orNone(resolver.resolve6(name)),
      ]);
      return { cname, addresses: [...four, ...six] };
    },
  };
}

/** [] when the DNS says that there is none. */
async function orNone<T>(answer: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw error;
  }
}

/** Host of tracking.url; undefined where it names this very host, which others cannot reach. */
export function trackingTarget({ tracking }: Pick<Config, 'tracking'>): string | undefined {
  const { hostname } = new URL(tracking.url);
  return isLoopbackName(hostname) ? undefined : hostname.replace(/^\[|\]$/g, '');
}
