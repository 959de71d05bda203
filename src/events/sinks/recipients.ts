// The recipients sink: what became of each recipient's mail goes into the recipient store.
import type { Event } from '../../model/event.ts';
import type { Sink } from './index.ts';

/**
 * Hands events to `record`, in order. A batch comes again when it rejects, and may come twice after a crash: what is
 * counted from it is close, not exact.
 */
export function makeRecipientsSink(record: (events: readonly Event[]) => Promise<void>): Sink {
  return {
    name: 'recipients',
    start: 'newest',
    cursor: 'kept',
    take: (batch) => record(batch.map(({ event }) => event)),
  };
}
