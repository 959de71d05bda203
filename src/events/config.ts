// The events slice of the configuration: how long and in what pieces events are kept on disk.
import { z } from 'zod';

const DAYS = 30;
const SEGMENT_BYTES = 64 * 1024 * 1024;

export const eventsConfig = z.strictObject({
  /** Days that segments are kept. `message show` and `message search` see this far back. */
  keepDays: z.number().int().min(1).max(3650).default(DAYS),
  /** A new segment begins when the current one has this many bytes, and every day (UTC). */
  segmentBytes: z.number().int().min(4096).default(SEGMENT_BYTES),
});

export type EventsConfig = Readonly<z.infer<typeof eventsConfig>>;
