// Messages that a scanner refused, for somebody to let go or delete.
import type { Quarantine, Quarantined } from '../backlog/quarantine.ts';
import type { Submission } from '../model/submission.ts';
import { did, refused, type Did } from './did.ts';

export type QuarantineVerbs = Readonly<{
  quarantine: Pick<Quarantine, 'list' | 'find' | 'submissionOf' | 'waiting' | 'release' | 'remove'>;
  /** The beginning of a stored message as text, so many bytes at most. */
  readSource(submission: Submission, maxBytes: number): Promise<string>;
}>;

/** An entry, how many of its recipients wait, and the beginning of the message where it was asked for. */
export type ShownQuarantined = Quarantined & Readonly<{ recipients: number; source?: string }>;

export const MAX_SOURCE = 64 * 1024;

/** Newest first. */
export function listQuarantine({ quarantine }: QuarantineVerbs): Promise<readonly Quarantined[]> {
  return quarantine.list();
}

/** By the id of a message, or of one of its deliveries. */
export async function findQuarantined(
  { quarantine }: QuarantineVerbs,
  id: string,
): Promise<Did<Quarantined>> {
  const entry = await quarantine.find(id.trim().toUpperCase());
  return entry
    ? did(entry)
    : refused(
        'missing',
        `There is no message ${id} in quarantine.`,
        '"postino quarantine list" shows what is.',
      );
}

export async function showQuarantined(
  { quarantine, readSource }: QuarantineVerbs,
  entry: Quarantined,
  want: 'facts' | 'source',
): Promise<Did<ShownQuarantined>> {
  const submission = await quarantine.submissionOf(entry);
  if (!submission) return refused('missing', `The message ${entry.id} has ended meanwhile.`);
  const recipients = await quarantine.waiting(entry);
  const source = want === 'source' ? { source: await readSource(submission, MAX_SOURCE) } : {};
  return did({ ...entry, recipients, ...source });
}

/** Sends it all the same, past the scanner; resolves to how many of its deliveries go on. */
export function releaseQuarantined(
  { quarantine }: QuarantineVerbs,
  entry: Quarantined,
  reason = '',
): Promise<number> {
  return quarantine.release(entry, `An operator released it. ${reason}`.trim());
}

/** Ends it without sending; resolves to how many of its deliveries that was. */
export function deleteQuarantined({ quarantine }: QuarantineVerbs, entry: Quarantined): Promise<number> {
  return quarantine.remove(entry);
}
