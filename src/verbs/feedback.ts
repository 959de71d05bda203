// The addresses of ours that the world writes to, and the DNS records that bring its mail here.
import type { WantedRecord } from '../store/domains.ts';
import { feedbackRecords } from '../store/return-host.ts';
import type { OwnAddresses, VerbContext } from './context.ts';
import { did, refused, type Did } from './did.ts';

export type Feedback = OwnAddresses & Readonly<{ records: readonly WantedRecord[] }>;

export async function showFeedback({
  settings,
  feedback,
}: Pick<VerbContext, 'settings' | 'feedback'>): Promise<Did<Feedback>> {
  if (!feedback)
    return refused(
      'missing',
      'There is no feedback.domain in the configuration: bounces go to the senders, and complaints nowhere.',
    );
  const records = feedbackRecords(feedback.domain, feedback.hostname, await settings.refresh());
  return did({ ...feedback, records });
}
