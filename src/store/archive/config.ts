// The archive slice of the configuration: where messages of users with an archive are kept, and how many bytes of them.
import { z } from 'zod';
import { bytesLike } from '../../lib/values.ts';

export const archiveConfig = z.strictObject({
  folder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of the messages; default: archive in the data folder. Several hosts need one that all share.',
    ),
  maxBytes: bytesLike('"10GB" or "500MB"')
    .default(10_000_000_000)
    .describe('How many bytes all of them may have; beyond that the oldest go first.'),
});

export type ArchiveConfig = Readonly<z.infer<typeof archiveConfig>>;
