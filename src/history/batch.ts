// A batch of events on its way into a thread: text is quicker to hand over than objects. Pure.
import type { Recorded } from './history.ts';

/** The events in it. */
export function readBatch(json: unknown): readonly Recorded[] {
  const batch: unknown = JSON.parse(String(json));
  return Array.isArray(batch) ? batch.filter(isRecorded) : [];
}

// It was made by ourselves, in another thread: only its kind is asked, a schema would be slow to load.
function isRecorded(value: unknown): value is Recorded {
  return typeof value === 'object' && value !== null && 'cursor' in value && 'event' in value;
}
