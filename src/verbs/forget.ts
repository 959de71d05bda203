// Forgetting a person wherever it is named; what counts stays, without a name, and a suppression as a keyed hash.
import { rewriteEvents } from '../events/rewrite.ts';
import type { History } from '../history/history.ts';
import { forgotten } from '../history/veil.ts';
import { HOME } from '../model/scopes.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import type { Recipients } from '../store/recipients.ts';
import type { Archive } from '../store/archive/archive.ts';
import type { Suppressions } from '../store/suppressions.ts';
import type { WebhookStore } from '../webhooks/store.ts';

export type ForgetVerbs = Readonly<{
  recipients: Pick<Recipients, 'forget'>;
  archive: Pick<Archive, 'forget'>;
  suppressions: Pick<Suppressions, 'forget'>;
  traces: Readonly<{
    /** Ends what waits for the address. */
    cancel(account: string, address: string): Promise<Readonly<{ changed: number; busy: number }>>;
    /** Resolves when all events up to now are on disk and in the history; false when nobody takes them there. */
    written(): Promise<boolean>;
    /** Messages in the sandbox, rows of soft bounces, parts of links. */
    forget(account: string, address: string): Promise<number>;
    /** Takes what was removed out of the embedded Redis' file. */
    compact(): Promise<void>;
  }>;
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
  /** Messages that waited for it and were cancelled. */
  cancelled: number;
  /** Entries of suppression lists that stand under a keyed hash from now on. */
  suppressions: number;
  /** Messages in the sandbox, and what else was known of it. */
  traces: number;
  /** Messages that were on their way to it at this moment. */
  busy: number;
  /** False: something that names it is still on its way to the history or the archive; it is to be done again. */
  complete: boolean;
}>;

/** What to say when it is not complete. */
export const NOT_COMPLETE =
  'Messages to it are being sent just now, one that it got is still on its way to others, or what happened last is not on disk yet: do it again in a minute, or when that has ended.';

/** True when there was something to forget. */
export function wasAnything({ known, complete: _complete, ...counts }: Forgotten): boolean {
  return known || Object.values(counts).some((count) => count > 0);
}

/** Erases what is personal of an address in an account. Rejects with a HistoryProblem; then it is to be done again. */
export async function forgetPerson(verbs: ForgetVerbs, account: string, address: string): Promise<Forgotten> {
  const { recipients, archive, webhooks, traces } = verbs;
  const suppressions = await veilSuppressions(verbs, account, address);
  const { changed: cancelled, busy } = await traces.cancel(account, address);
  // What is still on its way would name it again, where it was taken out already.
  const isWritten = await traces.written();
  const erased = await eraseEvents(verbs, account, address);
  const known = await recipients.forget(account, address);
  const kept = await archive.forget(account, address);
  const gone = await traces.forget(account, address);
  const requests = await webhooks.store.forget(account, address);
  await traces.compact();
  const messages = kept.removed + kept.changed;
  const complete = isWritten && kept.complete && busy === 0;
  return { known, ...erased, requests, messages, cancelled, suppressions, traces: gone, busy, complete };
}

/** Those of the whole installation are the operator's, whose own account is the first one. */
async function veilSuppressions(
  { suppressions }: ForgetVerbs,
  account: string,
  address: string,
): Promise<number> {
  const lists = account === HOME ? [account, EVERYWHERE] : [account];
  let count = 0;
  for (const list of lists) count += await suppressions.forget(list, address);
  return count;
}

async function eraseEvents(
  { openHistory, eventsFolder }: ForgetVerbs,
  account: string,
  address: string,
): Promise<Pick<Forgotten, 'deliveries' | 'events' | 'left'>> {
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
    return { deliveries, events: changed, left: kept };
  } finally {
    await history?.close();
  }
}
