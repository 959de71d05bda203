// A message itself, wherever it still is: in the queue until its last delivery has ended, then in the archive of its user.
import type { Transitions } from '../backlog/transitions.ts';
import type { EpochMs } from '../lib/clock.ts';
import { HOME } from '../model/scopes.ts';
import { isOwn, type Owner } from '../model/owner.ts';
import type { Submission } from '../model/submission.ts';
import type { Archive } from '../store/archive/archive.ts';
import type { ArchivedDelivery } from '../store/archive/entry.ts';

export type KeptVerbs = Readonly<{
  transitions: Pick<Transitions, 'read' | 'readSubmissionOf'>;
  archive: Pick<Archive, 'find'>;
  /** A whole body; undefined when it is gone. */
  readBody(submission: Submission): Promise<Buffer | undefined>;
}>;

export type WhereVerbs = Readonly<{
  transitions: Pick<Transitions, 'readSubmissionOf'>;
  archive: Pick<Archive, 'look'>;
}>;

export type LetterVerbs = Readonly<{
  /**
   * The letter of one delivery, made again as it was made; undefined when that cannot be done any more. plain: its links lead
   * where they were meant to, so that looking at it is no click.
   */
  letterOf(kept: Kept, delivery: string, links: 'as sent' | 'plain'): Promise<Buffer | undefined>;
}>;

export type Kept = Readonly<{
  submission: Submission;
  /** As it was accepted: before what each recipient got was made of it. */
  body: Buffer;
  /** What is known of its recipients, by the id of the delivery; of those in the queue only of the one that was asked for. */
  deliveries: Readonly<Record<string, ArchivedDelivery>>;
  where: 'queue' | 'archive';
  /** When its last delivery ended, where it is in the archive. */
  endedAt?: EpochMs;
}>;

/** The id of the message that a delivery is of; an id of a message stays. */
export function submissionOf(id: string): string {
  return id.replace(/-\d+$/, '');
}

/** A message by its id, or that of one of its deliveries; undefined: not kept, or somebody else's. */
export async function keptMessage(
  verbs: KeptVerbs,
  id: string,
  owner: Partial<Owner>,
): Promise<Kept | undefined> {
  if (!ID.test(id)) return undefined;
  return (await queued(verbs, id, owner)) ?? (await archived(verbs, id, owner));
}

/** Where a message is, as keptMessage would find it, without reading it. */
export async function whereKept(
  { transitions, archive }: WhereVerbs,
  id: string,
  owner: Partial<Owner>,
): Promise<Pick<Kept, 'submission' | 'where' | 'endedAt'> | undefined> {
  if (!ID.test(id)) return undefined;
  const submission = await queuedSubmission(transitions, id, owner);
  if (submission) return { submission, where: 'queue' };
  const facts = await archive.look(submissionOf(id), owner);
  return facts && { submission: facts.submission, endedAt: facts.endedAt, where: 'archive' };
}

const ID = /^[0-9A-Z]{26}(?:-\d{1,6})?$/;

/** All deliveries of a submission know it. */
function refOf(id: string, owner: Partial<Owner>): string {
  return `${owner.account ?? HOME}:${id.includes('-') ? id : `${id}-1`}`;
}

async function queuedSubmission(
  transitions: WhereVerbs['transitions'],
  id: string,
  owner: Partial<Owner>,
): Promise<Submission | undefined> {
  const submission = await transitions.readSubmissionOf(refOf(id, owner));
  return submission && isOwn(owner, submission) ? submission : undefined;
}

async function queued(
  { transitions, readBody }: KeptVerbs,
  id: string,
  owner: Partial<Owner>,
): Promise<Kept | undefined> {
  const submission = await queuedSubmission(transitions, id, owner);
  if (!submission) return undefined;
  const [body, record] = await Promise.all([readBody(submission), transitions.read(refOf(id, owner))]);
  if (!body) return undefined;
  const isOpen = record !== undefined && record !== 'unknown' && id.includes('-');
  const deliveries = isOpen
    ? { [id]: { recipient: record.recipient, pins: record.pins ?? { dkim: [] } } }
    : {};
  return { submission, body, deliveries, where: 'queue' };
}

async function archived(
  { archive }: KeptVerbs,
  id: string,
  owner: Partial<Owner>,
): Promise<Kept | undefined> {
  const entry = await archive.find(submissionOf(id), owner);
  if (!entry) return undefined;
  const { submission, body, deliveries, endedAt } = entry;
  return { submission, body, deliveries, endedAt, where: 'archive' };
}
