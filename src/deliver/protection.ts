// How a connection is protected: what the way says, made stricter by what a message demands (RFC 8689). Pure.
import type { Instructions } from '../model/instructions.ts';
import type { Route } from './config.ts';
import { sayReply } from './conversation.ts';
import type { Trouble } from './trouble.ts';

/** encrypted: TLS or not at all; verified: with a certificate that names the host. Absent: as the way says. */
export type Demand = Instructions['tls'];

/** What a connection turned out to be. */
export type Protection = 'plain' | 'encrypted' | 'verified';

export type TlsRule = Readonly<{ tls: Route['tls']; verify: boolean }>;

/**
 * The rule for opening a connection. RFC 8689 §4.2.1 also wants the MX records secured, by DNSSEC or MTA-STS. We know
 * neither, so that "verified" means: the host is the one that the DNS named.
 */
export function ruleFor({ tls, verify }: TlsRule, demand: Demand): TlsRule {
  if (demand === undefined) return { tls, verify };
  return { tls: tls === 'implicit' ? tls : 'required', verify: verify || demand === 'verified' };
}

/** What a session opened by this rule is: `tls` is its cipher, undefined where it stayed in clear. */
export function protectionOf(tls: string | undefined, { verify }: TlsRule): Protection {
  if (tls === undefined) return 'plain';
  return verify ? 'verified' : 'encrypted';
}

/** Connections that may serve a message with this demand. */
export function servedBy(demand: Demand): readonly Protection[] {
  if (demand === 'verified') return ['verified'];
  return demand === 'encrypted' ? ['verified', 'encrypted'] : ['verified', 'encrypted', 'plain'];
}

/** True when a session failed for want of TLS: at STARTTLS or its handshake, or since the host knows no EHLO at all. */
export function isForTls({ kind, phase }: Trouble): boolean {
  if (kind === 'local' || kind === 'aborted') return false;
  return phase === 'tls' || (phase === 'ehlo' && kind === 'refused');
}

/** The trouble told as what a message demanded and `host` could not give. */
export function unmet(trouble: Trouble, host: string, demand: NonNullable<Demand>): Trouble {
  const wish =
    demand === 'verified'
      ? 'the sender wants this message sent over TLS with a verified certificate or not at all'
      : 'the sender wants this message sent over TLS or not at all';
  const { reply } = trouble;
  const what = reply
    ? `${host} does not do TLS (it said: ${sayReply(reply)})`
    : `TLS with ${host} failed (${trouble.detail})`;
  return { ...trouble, kind: 'tls', phase: 'tls', detail: `${what}, and ${wish}.` };
}
