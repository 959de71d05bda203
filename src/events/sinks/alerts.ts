// The alerts sink: events that somebody may want to hear of at once go to the desk of the alerts.
import type { Event } from '../../model/event.ts';
import type { Sink } from './index.ts';

/** Hands events to `take`, in order. A batch comes again when it rejects, and may come twice after a crash. */
export function makeAlertsSink(take: (event: Event) => Promise<void>): Sink {
  return {
    name: 'alerts',
    start: 'newest',
    cursor: 'kept',
    take: async (batch, signal) => {
      for (const { event } of batch) {
        if (signal.aborted) return Promise.reject(new Error('stopped'));
        await take(event);
      }
    },
  };
}
