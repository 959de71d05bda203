// The stats sink: counts events by type, class and transport for /metrics.
import type { Event } from '../../model/event.ts';
import type { Sink } from './index.ts';

/** One counter: how many events had these labels since the process started. */
export type EventCount = Readonly<{ type: string; class: string; transport: string; count: number }>;

/** Every process that serves /metrics counts for itself; a counter that begins anew is what Prometheus expects. */
export function makeStatsSink(): Readonly<{ sink: Sink; counts(): readonly EventCount[] }> {
  const counts = new Map<string, EventCount>();
  const sink: Sink = {
    name: 'stats',
    start: 'newest',
    cursor: 'memory',
    take: (batch) => {
      for (const { event } of batch) count(counts, event);
      return Promise.resolve();
    },
  };
  return { sink, counts: () => [...counts.values()] };
}

function count(counts: Map<string, EventCount>, event: Event): void {
  // Who takes an unsubscription back must not count as one more of them.
  const kind = event.how === 'resubscribe' ? event.how : (event.class ?? '');
  const labels = { type: event.type, class: kind, transport: event.transport ?? '' };
  const key = `${labels.type} ${labels.class} ${labels.transport}`;
  counts.set(key, { ...labels, count: (counts.get(key)?.count ?? 0) + 1 });
}
