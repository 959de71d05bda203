// Sinks that write events down elsewhere: what became of mail, for recipients, states of transports, suppressions.
import type { Event } from '../../model/event.ts';
import type { Sink } from './index.ts';

/**
 * Hands events to `record`, in order. A batch comes again when it rejects, and may come twice after a crash: what is
 * counted from it is close, not exact. `name` is that of its cursor.
 */
export function makeRecordSink(name: string, record: (events: readonly Event[]) => Promise<void>): Sink {
  return {
    name,
    start: 'newest',
    cursor: 'kept',
    take: (batch) => record(batch.map(({ event }) => event)),
  };
}
