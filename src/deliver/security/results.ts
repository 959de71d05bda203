// What a session's TLS came to, as reports for its domain's owner count it (RFC 8460 §4.3). Pure.
import { isForTls, type Shut } from '../protection.ts';
import type { Trouble } from '../trouble.ts';
import type { HostDane } from './dane.ts';
import type { Published } from './published.ts';
import { namesHost } from './sts-policy.ts';

export type PolicyType = 'tlsa' | 'sts' | 'no-policy-found';

export type FailureType =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'
  | 'dnssec-invalid'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid';

/** One session, under one of the policies that held for it. */
export type TlsResult = Readonly<{
  domain: string;
  policy: PolicyType;
  /** The policy's lines: of an MTA-STS policy, or TLSA records. */
  lines: readonly string[];
  /** Host patterns of an MTA-STS policy. */
  mx: readonly string[];
  host: string;
  /** Address of the mail host, and ours as the host sees it. */
  address: string;
  localAddress: string;
  /** Absent: it went well. */
  failure?: FailureType;
  /** More about a failure, short. */
  reason?: string;
}>;

/** How a session went: open with this TLS, or not. `distrust`: why this system would not trust its certificate. */
export type SessionEnd = Readonly<
  | { kind: 'open'; tls?: string; distrust?: string }
  | { kind: 'failed'; trouble: Trouble }
  | ({ kind: 'shut' } & Shut)
>;

type Tried = Exclude<SessionEnd, { kind: 'shut' }>;
type Verdict = Readonly<{ failure?: FailureType; reason?: string }>;
type Where = Pick<TlsResult, 'host' | 'address' | 'localAddress'>;

const MAX_REASON = 100;
const NOT_NAMED = 'the policy does not name this host';

/** The results of one session; none where it failed for another reason than TLS. */
export function resultsOf(published: Published, where: Where, end: SessionEnd): readonly TlsResult[] {
  if (end.kind === 'failed' && !isForTls(end.trouble)) return [];
  const { domain, sts, stsTrouble } = published;
  const dane = published.dane.get(where.host);
  const make = (policy: PolicyType, verdict: Verdict, lines: readonly string[] = []): TlsResult => ({
    domain,
    policy,
    lines,
    mx: policy === 'sts' ? (sts?.mx ?? []) : [],
    ...where,
    ...verdict,
  });
  // A host that was passed over is a failure under the policy that did it, and nothing under the others.
  if (end.kind === 'shut')
    return end.failure === 'mx'
      ? [make('sts', { failure: 'validation-failure', reason: NOT_NAMED }, sts?.lines)]
      : [make('tlsa', { failure: 'dnssec-invalid' })];
  const byPolicy = [
    ...(dane && dane.kind !== 'none' ? [make('tlsa', underNone(end), tlsaLines(dane))] : []),
    ...(sts ? [make('sts', underSts(end, namesHost(sts, where.host)), sts.lines)] : []),
  ];
  const trouble = stsTrouble && !sts ? [make('sts', ofTrouble(stsTrouble))] : [];
  return [...(byPolicy.length > 0 ? byPolicy : [make('no-policy-found', underNone(end))]), ...trouble];
}

function underNone(end: Tried): Verdict {
  if (end.kind === 'failed') return ofSession(end.trouble);
  return end.tls === undefined ? { failure: 'starttls-not-supported' } : {};
}

function underSts(end: Tried, isNamed: boolean): Verdict {
  if (!isNamed) return { failure: 'validation-failure', reason: NOT_NAMED };
  if (end.kind !== 'open' || end.tls === undefined) return underNone(end);
  return end.distrust === undefined
    ? {}
    : { failure: certificateFailure(end.distrust), reason: short(end.distrust) };
}

function ofSession({ phase, reply, detail }: Trouble): Verdict {
  if (reply || phase === 'ehlo') return { failure: 'starttls-not-supported' };
  return { failure: certificateFailure(detail), reason: short(detail) };
}

/** By OpenSSL's and Node's words and codes, which stand in what they say. */
export function certificateFailure(why: string): FailureType {
  if (/expired/i.test(why)) return 'certificate-expired';
  if (/altname|hostname/i.test(why)) return 'certificate-host-mismatch';
  if (
    /self.signed|signature|issuer|first.certificate|not.trusted|untrusted|unable.to.verify|not.verified/i.test(
      why,
    )
  )
    return 'certificate-not-trusted';
  return 'validation-failure';
}

function ofTrouble({ kind, why }: NonNullable<Published['stsTrouble']>): Verdict {
  const failures = {
    fetch: 'sts-policy-fetch-error',
    certificate: 'sts-webpki-invalid',
    policy: 'sts-policy-invalid',
  } as const;
  return { failure: failures[kind], reason: short(why) };
}

function tlsaLines(dane: HostDane): readonly string[] {
  if (dane.kind !== 'records') return [];
  return dane.records.map(
    ({ usage, selector, matching, data }) =>
      `${usage} ${selector} ${matching} ${data.toString('hex').slice(0, 128)}`,
  );
}

const short = (text: string): string => text.slice(0, MAX_REASON);
