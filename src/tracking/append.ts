// Events of hits go to the stream from which they are written to disk: many with one command.
import { loadScript, type Redis } from '../lib/script.ts';
import type { Event } from '../model/event.ts';

/** Writes events down. Rejects when that is not sure: the same are then given again. */
export type Append = (events: readonly Event[]) => Promise<void>;

const appendScript = loadScript(new URL('./scripts/append-1.lua', import.meta.url));
/** Redis does nothing else meanwhile: about a millisecond. */
const BATCH = 100;

/** Makes the way of events into `stream`. */
export function makeAppend(redis: Redis, stream: string): Append {
  return async (events) => {
    const texts = events.map((event) => JSON.stringify(event));
    const batches: string[][] = [];
    for (let i = 0; i < texts.length; i += BATCH) batches.push(texts.slice(i, i + BATCH));
    await Promise.all(batches.map((batch) => redis.run(appendScript, [stream], batch)));
  };
}
