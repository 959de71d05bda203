// How a program reaches the relay as one of its users: host, ports and user name, for guides and first steps.
import { useAsk, type Page } from './ask.ts';
import { session } from './session.ts';

export type GuideData = Readonly<{
  host: string;
  /** The best one first. */
  ports: readonly Readonly<{ port: number; tls: 'none' | 'starttls' | 'implicit' }>[];
  user: string;
  /** False: it needs none, from its networks. */
  hasPassword: boolean;
  networks: readonly string[];
  /** An address that it may send from. */
  from: string;
  domains: readonly string[];
  /** All mail is caught and none is sent. */
  sandboxed: boolean;
}>;

/** Of the viewer's own user, else of the first there is; undefined while it is asked for, or where there is no user. */
export function useGuide(): GuideData | undefined {
  const now = session.value;
  const own = typeof now === 'object' ? now.user : undefined;
  const first = useAsk<Page<Readonly<{ name: string }>>>(own === undefined ? 'users' : undefined, {
    limit: 1,
  });
  const name = own ?? first.value?.items[0]?.name;
  return useAsk<GuideData>(name === undefined ? undefined : `users/${encodeURIComponent(name)}/guide-data`)
    .value;
}

/** A command that sends a first message. */
export function tryCommand({ host, ports, user, from, hasPassword }: GuideData): string | undefined {
  const best = ports.find(({ tls }) => tls === 'starttls') ?? ports[0];
  if (!best) return undefined;
  const tls = { none: '', starttls: ' --tls', implicit: ' --tls-on-connect' }[best.tls];
  const auth = hasPassword ? ` --auth-user '${user}'` : '';
  return `swaks --server ${host}:${best.port}${tls}${auth} \\\n  --from '${from}' --to someone@example.com`;
}
