// The suppression slice of the configuration: what puts a recipient on the suppression list by itself, for whom and how long.
import { z } from 'zod';
import { durationLike } from '../lib/values.ts';

const DAY = 86_400_000;
const duration = durationLike('"90d"');
const lasting = durationLike('"90d", or "0ms" for ever', 'allowed');
const count = z.number().int().min(0).max(1000);

export const suppressionConfig = z.strictObject({
  scope: z
    .enum(['user', 'domain', 'account'])
    .default('user')
    .describe(
      'Whose mail a bounce or complaint holds back: that of the user, of the domain in From, or of the account.',
    ),
  hard: z
    .boolean()
    .default(true)
    .describe('After one hard bounce: the recipient or its domain does not exist.'),
  soft: count.default(10).describe('After so many soft bounces in a row; 0: never.'),
  full: count.default(30).describe('The same while the mailbox is full; 0: never.'),
  within: duration.default(90 * DAY).describe('All of them within this time.'),
  complaints: z.boolean().default(true).describe('After one complaint.'),
  hardFor: lasting.default(0).describe('How long after a hard bounce; 0ms: for ever.'),
  softFor: lasting.default(90 * DAY).describe('How long after soft bounces; 0ms: for ever.'),
  complaintFor: lasting.default(0).describe('How long after a complaint; 0ms: for ever.'),
});

export type SuppressionConfig = Readonly<z.infer<typeof suppressionConfig>>;
