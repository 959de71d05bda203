// The suppress sink: bounces and complaints put recipients on the suppression list, what is delivered speaks for them.
import type { Event } from '../../model/event.ts';
import type { Sink } from './index.ts';

/** Hands events to `suppress`, in order. A batch comes again when it rejects, and may come twice after a crash. */
export function makeSuppressSink(suppress: (events: readonly Event[]) => Promise<void>): Sink {
  return {
    name: 'suppress',
    start: 'newest',
    cursor: 'kept',
    take: (batch) => suppress(batch.map(({ event }) => event)),
  };
}
