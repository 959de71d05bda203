// Sending a message again: the same content with the same treatment, as a new message that is checked like any other.
import type { Again } from '../accept/again.ts';
import { receivedByHttp, type Door, type HandedIn } from '../accept/hand-in.ts';
import type { Clock } from '../lib/clock.ts';
import type { Message } from '../history/search.ts';
import { fieldsNamed, scanHeaders } from '../mail/headers.ts';
import type { Owner } from '../model/owner.ts';
import type { Recipient } from '../model/submission.ts';
import type { ResentNotes } from '../store/archive/resent.ts';
import { messageOf, type HistoryVerbs } from './history.ts';
import { keptMessage, submissionOf, type Kept, type KeptVerbs } from './message-kept.ts';

export type ResendVerbs = HistoryVerbs &
  KeptVerbs &
  Readonly<{ door: Pick<Door, 'handIn'>; resent: ResentNotes; clock: Clock }>;

export type Resend = Readonly<{
  /** Of a message, to all its recipients, or of one delivery. */
  id: string;
  /** Who gets it instead of its only recipient. */
  to?: string | undefined;
  owner: Partial<Owner>;
  /** Address of who asks. */
  peer: string;
  /** The same key is the same request. */
  key?: string | undefined;
}>;

export type Resending =
  | Readonly<{ ok: true; handed: Extract<HandedIn, { ok: true }> }>
  /** unknown: there is no such message; gone: it is not kept; unclear: the request says too little; refused: the door's word. */
  | Readonly<{ ok: false; why: 'unknown' | 'gone' | 'unclear'; problem: string }>
  | Readonly<{ ok: false; why: 'refused'; handed: Extract<HandedIn, { ok: false }> }>;

/** What to set, where a message is gone. */
export const NOT_KEPT =
  'This message is not kept any more: its user has no archive, or it was too old for it. For messages to come, set "archive" of the user, such as 30d.';

/** Sends it again. Rejects with RedisTrouble. */
export async function resend(verbs: ResendVerbs, wanted: Resend): Promise<Resending> {
  const id = wanted.id.trim().toUpperCase();
  const story = await messageOf(verbs, id, wanted.owner);
  const owner = story ? { ...wanted.owner, account: story.account } : wanted.owner;
  const kept = await keptMessage(verbs, id, owner);
  if (!kept) return { ok: false, ...(story ? GONE : UNKNOWN) };
  // In the queue only the history knows them all, and it tells so many at most: the others must not be left out in silence.
  if (kept.where === 'queue' && story?.more === true && !id.includes('-')) return { ok: false, ...TOO_MANY };
  const recipients = recipientsOf(id, kept, story);
  const [first, ...others] = recipients;
  if (!first) return { ok: false, ...NOBODY };
  if (wanted.to !== undefined && others.length > 0) return { ok: false, ...WHICH };
  const handed = await handIn(verbs, kept, { ...wanted, id, recipients });
  if (!handed.ok) return { ok: false, why: 'refused', handed };
  const { account } = kept.submission;
  // The new message names the earlier one in any case.
  await verbs.resent
    .note(account, submissionOf(id), { id: handed.id, of: id, at: verbs.clock.now() })
    .catch(() => undefined);
  return { ok: true, handed };
}

const UNKNOWN = {
  why: 'unknown',
  problem: 'There is no such message. Give the id after "queued as", or that of a delivery.',
} as const;
const GONE = { why: 'gone', problem: NOT_KEPT } as const;
const NOBODY = { why: 'gone', problem: 'Nobody is known any more to whom it was sent.' } as const;
const TOO_MANY = {
  why: 'unclear',
  problem:
    'It has more recipients than can be told while it is on its way; give the ids of single deliveries, or wait until all have ended.',
} as const;
const WHICH = {
  why: 'unclear',
  problem:
    'It went to several recipients; give the id of one delivery, and who gets it instead of its recipient.',
} as const;

/** What the message itself knows, then what the history tells. */
function recipientsOf(
  id: string,
  { deliveries, where }: Kept,
  story: Message | undefined,
): readonly Recipient[] {
  const isOne = id.includes('-');
  const known = isOne ? [deliveries[id]] : where === 'archive' ? Object.values(deliveries) : [];
  const own = known.flatMap((one) => (one ? [one.recipient] : []));
  if (own.length > 0) return own;
  const rows = story?.deliveries.map(({ row }) => row) ?? [];
  const told = rows.filter((row) => (isOne ? row.delivery === id : true) && row.recipient.includes('@'));
  return told.map(({ recipient }) => ({ address: recipient }));
}

function handIn(
  { door }: ResendVerbs,
  { submission, body }: Kept,
  { id, to, peer, key, recipients }: Resend & Readonly<{ recipients: readonly Recipient[] }>,
): Promise<HandedIn> {
  const [first] = recipients;
  const instead = to === undefined || !first ? {} : { instead: { of: first.address, by: to } };
  const again: Again = {
    earlier: submission,
    of: id,
    recipients,
    ...instead,
    ...(key === undefined ? {} : { key }),
  };
  return door.handIn({
    user: submission.user,
    sender: submission.from,
    recipients: to === undefined ? recipients.map(({ address }) => address) : [to],
    content: withoutMessageId(body),
    received: receivedByHttp(peer),
    again,
  });
}

/** Hosts drop a message whose id they have seen, so that it gets a new one; unless its sender has signed it. */
function withoutMessageId(body: Buffer): Buffer {
  const block = scanHeaders(body);
  const [field] = fieldsNamed(block, 'message-id');
  if (!field || fieldsNamed(block, 'dkim-signature').length > 0) return body;
  return Buffer.concat([body.subarray(0, field.start), body.subarray(field.end)]);
}
