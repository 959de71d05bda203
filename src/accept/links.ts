// Where links of ours point to: the tracking host of the sender's domain, else the installation's. Pure.
import { withParents } from '../mail/domain.ts';
import type { Domain, Settings, User } from '../model/settings.ts';
import { mayUseDomain } from './policy.ts';

/** Where links of ours point to, unless the sender's domain has a host of its own. */
export type Links = Readonly<{
  /** `tracking.url`, without a slash at its end; undefined: no links but on hosts of domains. */
  base: string | undefined;
  /** Hosts of domains are reached by https. */
  secureHosts: boolean;
  /** Nobody outside reaches this relay's tracking listener yet, so that hosts of domains lead nowhere. */
  ignoreHosts?: boolean;
  /** Mailbox that takes "unsubscribe" mail; absent: none. */
  unsubscribeMailbox?: string;
}>;

export const noLinks: Links = { base: undefined, secureHosts: true };

type Domains = Pick<Settings, 'domains'>;

/** Scheme and host for links of mail from `domain`: the host of that domain or of the nearest one above it that has one. */
export function linkBaseOf(
  domain: string,
  user: User,
  { domains }: Domains,
  links: Links,
): string | undefined {
  if (links.ignoreHosts) return links.base;
  const isUsable = (entry: Domain | undefined): boolean =>
    entry?.trackingHost !== undefined && entry.account === user.account;
  const host = withParents(domain)
    .map((name) => domains.get(name))
    .find(isUsable)?.trackingHost;
  return host === undefined ? links.base : `${links.secureHosts ? 'https' : 'http'}://${host}`;
}

/** True when `host` is the tracking host of a domain that the user may use. */
export function hasTrackingHost(host: string, user: User, { domains }: Domains): boolean {
  return withParents(host).some((name) => {
    const entry = domains.get(name);
    return entry?.trackingHost === host && entry.account === user.account && mayUseDomain(user, name);
  });
}
