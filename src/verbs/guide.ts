// What somebody fills into a program that is to send by this relay: host, ports, TLS, user name, and an address to send from.
import type { User } from '../model/settings.ts';

export type GuideVerbs = Readonly<{
  /** Name or address that clients should use, and where it listens. */
  connection(): Readonly<{
    host: string;
    listeners: readonly Readonly<{ port: number; tls: 'none' | 'starttls' | 'implicit' }>[];
    sandboxed: boolean;
  }>;
}>;

export type Guide = Readonly<{
  host: string;
  /** The best way first: with TLS from the first byte or by STARTTLS, then without. */
  ports: readonly Readonly<{ port: number; tls: 'none' | 'starttls' | 'implicit' }>[];
  user: string;
  /** false: it needs none, from its networks. */
  hasPassword: boolean;
  networks: readonly string[];
  /** An address that it may send from. */
  from: string;
  domains: readonly string[];
  /** All mail is caught and none is sent. */
  sandboxed: boolean;
}>;

const RANK = { starttls: 0, implicit: 1, none: 2 } as const;

export function guideOf(user: User, { connection }: GuideVerbs): Guide {
  const { host, listeners, sandboxed } = connection();
  const domain = (user.domains.find((one) => one !== '*') ?? 'example.com').replace('*.', '');
  return {
    host,
    ports: [...listeners].sort((a, b) => RANK[a.tls] - RANK[b.tls]),
    user: user.name,
    hasPassword: user.passwordHash !== undefined,
    networks: user.networks,
    from: user.senders[0] ?? `you@${domain}`,
    domains: user.domains,
    sandboxed,
  };
}
