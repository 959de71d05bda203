// The events slice of the configuration: how long and in what pieces events are kept on disk.
import { z } from 'zod';
import { durationLike } from '../lib/values.ts';

const DAYS = 30;
const DAY_MS = 86_400_000;
const SEGMENT_BYTES = 64 * 1024 * 1024;

export const eventsConfig = z.strictObject({
  /** Days that segments are kept: a webhook catches up, and the history is made anew, from this far back. */
  keepDays: z.number().int().min(1).max(3650).default(DAYS),
  /** A new segment begins when the current one has this many bytes, and every day (UTC). */
  segmentBytes: z.number().int().min(4096).default(SEGMENT_BYTES),
  compress: z
    .boolean()
    .default(true)
    .describe(
      'Segments that are closed are compressed with zstd. false: those that are compressed become plain again, for an older version.',
    ),
  compressAfter: durationLike('"1d" or "0ms"', 'allowed')
    .default(DAY_MS)
    .describe('How long a closed segment stays plain.'),
});

export type EventsConfig = Readonly<z.infer<typeof eventsConfig>>;
