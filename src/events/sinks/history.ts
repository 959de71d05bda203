// The history sink: hands all events to the history, which knows itself how far it is.
import { BEGINNING, type Cursor } from '../cursor.ts';
import type { Recorded } from '../log.ts';
import type { Sink } from './index.ts';

/** What the sink needs of the history: it takes a batch as a whole, and passes over what it has. */
export type HistoryStore = Readonly<{
  take(batch: readonly Recorded[]): Promise<void>;
  cursor(): Promise<Cursor | undefined>;
}>;

export function makeHistorySink(store: HistoryStore): Sink {
  return {
    name: 'history',
    start: 'oldest',
    cursor: 'own',
    // A history that lost a file begins anew, and passes over what its other files have.
    readCursor: async () => (await store.cursor()) ?? BEGINNING,
    take: (batch) => store.take(batch),
  };
}
