// The health sink: what events say of transports and senders is counted, for those who watch over them.
import type { Event } from '../../model/event.ts';
import type { Sink } from './index.ts';

/** Hands events to `record`, in order. A batch comes again when it rejects, and may come twice after a crash. */
export function makeHealthSink(record: (events: readonly Event[]) => Promise<void>): Sink {
  return {
    name: 'health',
    start: 'newest',
    cursor: 'kept',
    take: (batch) => record(batch.map(({ event }) => event)),
  };
}
