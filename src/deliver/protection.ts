// The one TLS rule for a connection to a host, and why: the strictest of what operator, sender and recipient's domain say. Pure.
import type { Instructions } from '../model/instructions.ts';
import type { Route } from './config.ts';
import { sayReply } from './conversation.ts';
import type { Published } from './security/published.ts';
import { namesHost } from './security/sts-policy.ts';
import { keyOf, type Tlsa } from './security/tlsa.ts';
import type { Trouble } from './trouble.ts';

/**
 * encrypted: TLS or not at all; verified: with a certificate that names the host; optional: what the recipient's domain demands
 * does not count (RFC 8689 §5, TLS-Required: No). Absent: as the others say.
 */
export type Demand = Instructions['tls'];

/** What a connection turned out to be. */
export type Protection = Readonly<{
  encrypted: boolean;
  /** The certificate is one that this system trusts, and names the host. */
  verified: boolean;
  /** `keyOf` the TLSA records that name the certificate. */
  dane?: string;
}>;

export type TlsRule = Readonly<{
  tls: Route['tls'];
  /** The certificate must be one that this system trusts, and name the host. */
  verify: boolean;
  /** One of these records must name the certificate. */
  dane?: readonly Tlsa[];
  /** Who wants TLS, as sentences' parts; empty where nobody does, and for the route's own rule. */
  because: readonly string[];
}>;

/** A host that must not get the message at all, with the sentence that says why. */
export type Shut = Readonly<{ shut: string; failure: 'mx' | 'dnssec' }>;

/** What is fixed by the way: a route's own rule, or that of the provider who runs the mail hosts. */
export type WayRule = Readonly<{
  tls: Route['tls'];
  verify: boolean;
  provider?: Readonly<{ name: string }>;
  smartHost?: true;
}>;

type Wish = Readonly<{
  required?: true;
  verify?: true;
  authentic?: true;
  dane?: readonly Tlsa[];
  because?: string;
}>;

/** In clear, after TLS has failed where nobody demands it. */
export const IN_CLEAR: TlsRule = { tls: 'none', verify: false, because: [] };

/**
 * The rule for a connection to `host`. Of several that hold, each must be kept. A message that is to be `verified` is
 * content with DANE (RFC 8689 §4.2.1). That paragraph also wants the MX records secured, by DNSSEC or MTA-STS: where they
 * are not, the host is the one that the DNS named.
 */
export function ruleFor(way: WayRule, demand: Demand, host: string, published?: Published): TlsRule | Shut {
  const counts = published !== undefined && demand !== 'optional';
  const shut = counts ? whyShut(published, host) : undefined;
  if (shut) return shut;
  const wishes = [ofProvider(way), ofMessage(demand), ...(counts ? ofDomain(published, host) : [])];
  const dane = wishes.find((wish) => wish.dane)?.dane;
  const isAuthentic = dane !== undefined && dane.length > 0;
  const verify = way.verify || wishes.some((wish) => wish.verify || (wish.authentic && !isAuthentic));
  const isRequired = way.tls !== 'implicit' && wishes.some(({ required }) => required);
  return {
    tls: isRequired ? 'required' : way.tls,
    verify,
    ...(isAuthentic && { dane }),
    because: wishes.flatMap(({ because }) => because ?? []),
  };
}

function whyShut({ domain, sts, dane }: Published, host: string): Shut | undefined {
  const found = dane.get(host);
  if (found?.kind === 'failed') {
    const shut = `The TLSA records (DANE) of ${host} could not be looked up (${found.why}), and without them nothing is sent to it.`;
    return { shut, failure: 'dnssec' };
  }
  if (sts?.mode !== 'enforce' || namesHost(sts, host)) return undefined;
  const shut = `The MTA-STS policy of ${domain} does not name its mail host ${host}, and wants mail to go to none but the hosts it names.`;
  return { shut, failure: 'mx' };
}

function ofProvider({ tls, provider, smartHost }: WayRule): Wish {
  if (smartHost || tls !== 'required' || !provider) return {};
  return {
    required: true,
    because: `the rule for provider ${provider.name} wants TLS or nothing (providers.yaml)`,
  };
}

function ofMessage(demand: Demand): Wish {
  if (demand === 'verified')
    return {
      required: true,
      authentic: true,
      because: 'the sender wants this message sent over TLS with a verified certificate or not at all',
    };
  if (demand !== 'encrypted') return {};
  return { required: true, because: 'the sender wants this message sent over TLS or not at all' };
}

function ofDomain({ domain, sts, dane }: Published, host: string): readonly Wish[] {
  const found = dane.get(host);
  return [
    ...(found?.kind === 'records' ? [ofDane(host, found.records)] : []),
    ...(sts?.mode === 'enforce'
      ? [
          {
            required: true,
            verify: true,
            because: `the MTA-STS policy of ${domain} wants TLS with a verified certificate or nothing`,
          } as const,
        ]
      : []),
  ];
}

/** RFC 7672 §2.2: TLSA records none of which can be used still say that there is TLS. */
function ofDane(host: string, records: readonly Tlsa[]): Wish {
  const what = records.length > 0 ? 'TLS with a certificate that they name' : 'TLS';
  return {
    required: true,
    dane: records,
    because: `the TLSA records (DANE) of ${host} want ${what} or nothing`,
  };
}

/** What a session opened by this rule is: `tls` is its cipher, undefined where it stayed in clear. */
export function protectionOf(tls: string | undefined, { verify, dane }: TlsRule): Protection {
  if (tls === undefined) return { encrypted: false, verified: false };
  return { encrypted: true, verified: verify, ...(dane && { dane: keyOf(dane) }) };
}

/** True when a connection that is there may be used under this rule. */
export function serves({ encrypted, verified, dane }: Protection, rule: TlsRule): boolean {
  if (rule.verify && !verified) return false;
  if (rule.dane && dane !== keyOf(rule.dane)) return false;
  return encrypted || rule.tls === 'opportunistic' || rule.tls === 'none';
}

/** True when a session failed for want of TLS: at STARTTLS or its handshake, or since the host knows no EHLO at all. */
export function isForTls({ kind, phase }: Trouble): boolean {
  if (kind === 'local' || kind === 'aborted') return false;
  return phase === 'tls' || (phase === 'ehlo' && kind === 'refused');
}

/** The trouble told as what somebody demanded and `host` could not give. */
export function unmet(trouble: Trouble, host: string, { because }: TlsRule): Trouble {
  const { reply } = trouble;
  const what = reply
    ? `${host} does not do TLS (it said: ${sayReply(reply)})`
    : `TLS with ${host} failed (${trouble.detail})`;
  return { ...trouble, kind: 'tls', phase: 'tls', detail: `${what}, and ${because.join(', and ')}.` };
}
