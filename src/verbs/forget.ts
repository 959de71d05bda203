// Forgetting a person: recipient store, archive, history, event log and logs of webhooks; what counts stays, without a name.
import { rewriteEvents } from '../events/rewrite.ts';
import type { History } from '../history/history.ts';
import { forgotten } from '../history/veil.ts';
import type { Recipients } from '../store/recipients.ts';
import type { Archive } from '../store/archive/archive.ts';
import type { WebhookStore } from '../webhooks/store.ts';

export type ForgetVerbs = Readonly<{
  recipients: Pick<Recipients, 'forget'>;
  archive: Pick<Archive, 'forget'>;
  webhooks: Readonly<{ store: Pick<WebhookStore, 'forget'> }>;
  /** The writing side of the history; undefined where there is none. To be closed. */
  openHistory(): History | undefined;
  /** Folder of the segments, "<data>/events". */
  eventsFolder: string;
}>;

/** What was done: whether it was known, and how much was erased. */
export type Forgotten = Readonly<{
  known: boolean;
  /** Of the history. */
  deliveries: number;
  /** Of the event log. */
  events: number;
  /** Events that were too short to change. */
  left: number;
  /** Requests in the logs of webhooks. */
  requests: number;
  /** Kept messages that are gone, or that know the person no longer. */
  messages: number;
}>;

/** Erases what is personal of an address in an account. Rejects with a HistoryProblem; then it is to be done again. */
export async function forgetPerson(
  { recipients, archive, webhooks, openHistory, eventsFolder }: ForgetVerbs,
  account: string,
  address: string,
): Promise<Forgotten> {
  const known = await recipients.forget(account, address);
  const requests = await webhooks.store.forget(account, address);
  const { removed, changed: freed } = await archive.forget(account, address);
  const wanted = address.toLowerCase();
  // The log first: a history that reads on must not find it again.
  const { changed, kept } = await rewriteEvents(eventsFolder, {
    having: wanted,
    change: (event) => {
      if (event.account !== account || event.recipient.toLowerCase() !== wanted) return undefined;
      return { ...forgotten(event), recipient: '' };
    },
  });
  const history = openHistory();
  try {
    const deliveries = (await history?.forget(account, address)) ?? 0;
    return { known, deliveries, events: changed, left: kept, requests, messages: removed + freed };
  } finally {
    await history?.close();
  }
}
