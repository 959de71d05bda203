// What mail to an address of ours turns out to be: a bounce, a delay, a complaint, an automatic answer, or something else.
import type { Phase, RemoteReply } from '../../model/outcome.ts';
import type { Complaint } from './arf.ts';
import type { Original } from './original.ts';

/** What a report says of one recipient. */
export type ReportedRecipient = Readonly<{
  /** As the report writes it; "" when it names nobody. */
  address: string;
  action: 'failed' | 'delayed';
  /**
   * The remote reply, or what the report says in its place. Where no code is quoted, it comes from the status, else from
   * the action (554, 451).
   */
  reply: RemoteReply;
  /** The step that failed; absent where the report does not tell. */
  phase?: Phase;
  /** The host that said so; "" when the report does not tell. */
  mta: string;
}>;

/** At least one has failed; others may be late. `by`: what told, a status part (RFC 3464) or the words alone. */
export type BounceReport = Readonly<{
  kind: 'bounce';
  by: 'dsn' | 'text';
  recipients: readonly ReportedRecipient[];
}>;

export type Report =
  | BounceReport
  | Readonly<{ kind: 'delay'; recipients: readonly ReportedRecipient[] }>
  | Readonly<{ kind: 'complaint'; complaint: Complaint; original: Original }>
  /** vacation: an answer that a person set up · challenge: asks the sender for something · receipt: read or deleted (RFC 8098). */
  | Readonly<{ kind: 'auto-reply'; sort: 'vacation' | 'challenge' | 'receipt' }>
  /** delivered: a report of success · mail: what a person or a list wrote, or anything else. */
  | Readonly<{ kind: 'other'; sort: 'delivered' | 'mail' }>;
