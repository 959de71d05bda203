// What a recipient domain's owner published about TLS for its mail: an MTA-STS policy, TLSA records, and what went wrong. Pure.
import type { HostDane } from './dane.ts';
import type { StsPolicy } from './sts-policy.ts';

export type Published = Readonly<{
  domain: string;
  /** Absent: there is none, or none is known. Of mode enforce or testing. */
  sts?: StsPolicy;
  /** A policy is announced and could not be had. */
  stsTrouble?: StsTrouble;
  /** By mail host. */
  dane: ReadonlyMap<string, HostDane>;
}>;

/** fetch: no answer, or not this one · certificate: the host's is not valid · policy: what came is none. */
export type StsTrouble = Readonly<{ kind: 'fetch' | 'certificate' | 'policy'; why: string }>;
