// Outcome: what came of one attempt at one delivery.
import type { EpochMs } from '../lib/clock.ts';

/** What a remote server said: code, enhanced status if any, text without codes (lines joined by a space, ≤ 1 KiB). */
export type RemoteReply = Readonly<{ code: number; status?: string; text: string }>;

/** The step at which an attempt ended. `compose` and `policy` are ours; `dot` is after the end of data. */
export type Phase =
  | 'policy'
  | 'compose'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'greeting'
  | 'ehlo'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'dot';

/** Bounce classes; `config/bounces.yaml` maps replies to them. */
export type CauseClass =
  | 'bad-mailbox'
  | 'inactive-mailbox'
  | 'mailbox-full'
  | 'bad-domain'
  | 'no-mail-domain'
  | 'routing'
  | 'message-too-big'
  | 'content'
  | 'spam'
  | 'blocked'
  | 'reputation'
  | 'authentication'
  | 'policy'
  | 'relaying'
  | 'greylisted'
  | 'rate-limited'
  | 'busy'
  | 'connection'
  | 'dns'
  | 'tls'
  | 'protocol'
  | 'unsupported'
  | 'expired'
  | 'suppressed'
  | 'local'
  | 'other';

/** Why an attempt did not deliver. `detail` is one human sentence of ours. */
export type Cause = Readonly<{
  phase: Phase;
  class: CauseClass;
  detail: string;
  /** Our enhanced status for DSNs where the peer gave none (RFC 3463). */
  status: string;
  reply?: RemoteReply;
  /** True when the peer may have taken the message although we do not know it. */
  ambiguous?: boolean;
}>;

/** How an attempt went out: who spoke with whom. */
export type Via = Readonly<{
  transport: string;
  site: string;
  /** Who runs the mail hosts, by config/providers.yaml; absent where no rule knows them. */
  provider?: string;
  host: string;
  /** Remote address and port. */
  address: string;
  localAddress: string;
  ehlo: string;
  /** Such as "TLSv1.3 TLS_AES_256_GCM_SHA384"; absent: plain text. */
  tls?: string;
  ms: number;
}>;

export type Outcome =
  | Readonly<{ kind: 'delivered'; via: Via; reply: RemoteReply; conversation: string }>
  | Readonly<{ kind: 'deferred'; via?: Via; cause: Cause; conversation: string }>
  | Readonly<{ kind: 'bounced'; via?: Via; cause: Cause; conversation: string }>
  | Held;

/** We said: not yet. Costs no attempt. `provider` says whose mail hosts it is about, where it is about some. */
export type Held = Readonly<{ kind: 'held'; rule: string; until: EpochMs; provider?: string }>;
