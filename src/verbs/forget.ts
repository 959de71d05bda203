// Forgetting a person: recipient store, history and event log; what counts stays, without a name.
import { rewriteEvents } from '../events/rewrite.ts';
import type { History } from '../history/history.ts';
import { forgotten } from '../history/veil.ts';
import type { Recipients } from '../store/recipients.ts';

export type ForgetVerbs = Readonly<{
  recipients: Pick<Recipients, 'forget'>;
  /** The writing side of the history; undefined where there is none. To be closed. */
  openHistory(): History | undefined;
  /** Folder of the segments, "<data>/events". */
  eventsFolder: string;
}>;

/** What was done: whether it was known, deliveries of the history, events of the log, and events that were too short to change. */
export type Forgotten = Readonly<{ known: boolean; deliveries: number; events: number; left: number }>;

/** Erases what is personal of an address in an account. Rejects with a HistoryProblem; then it is to be done again. */
export async function forgetPerson(
  { recipients, openHistory, eventsFolder }: ForgetVerbs,
  account: string,
  address: string,
): Promise<Forgotten> {
  const known = await recipients.forget(account, address);
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
    return { known, deliveries, events: changed, left: kept };
  } finally {
    await history?.close();
  }
}
