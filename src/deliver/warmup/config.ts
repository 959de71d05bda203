// The warm-up slice of the configuration: how many messages a day at which age, by provider, and when it slips back.
import { z } from 'zod';
import { isTimeZone } from '../../lib/day.ts';
import { nameSchema } from '../../model/settings.ts';

/** Messages per day and provider, from day 1 on: times 1.3 a day, within a month from 100 to what few ever send. */
export const DEFAULT_CURVE: readonly number[] = [
  100, 150, 200, 300, 400, 500, 700, 1_000, 1_300, 1_700, 2_200, 2_800, 3_600, 4_700, 6_000, 8_000, 10_000,
  13_000, 17_000, 22_000, 28_000, 36_000, 47_000, 60_000, 78_000, 100_000, 130_000, 170_000, 220_000, 280_000,
];

const curve = z.array(z.number().int().min(0).max(1_000_000_000)).min(1).max(366);
const share = z.number().min(0).max(1);
const slipSchema = z.strictObject({
  deferrals: share
    .default(0.2)
    .describe("Share of a day's messages that the other side put off; above it the day does not count."),
  bounces: share.default(0.05).describe('The same for messages that it refused for good.'),
  atLeast: z
    .number()
    .int()
    .positive()
    .default(20)
    .describe('A day with fewer messages to a provider says nothing.'),
  back: z
    .number()
    .int()
    .min(0)
    .max(30)
    .default(2)
    .describe('Days that it slips back where a share is over twice its limit.'),
});

export const warmupConfig = z.strictObject({
  timeZone: z
    .string()
    .default('UTC')
    .refine(isTimeZone, { message: 'must be a time zone such as Europe/Rome' })
    .describe('Where days begin, for transports that have no timeZone of their own.'),
  curve: curve
    .default([...DEFAULT_CURVE])
    .describe(
      'Messages per day from one transport to one provider, from day 1 on; after the last day, no limit.',
    ),
  providers: z
    .record(nameSchema, curve)
    .default({})
    .describe('Other curves for providers, by their names in config/providers.yaml.'),
  others: curve
    .optional()
    .describe('The curve for all mail hosts that no provider is known of, taken together; default: curve.'),
  slip: slipSchema.prefault({}).describe('When a day does not count, or takes days back.'),
});

export type WarmupConfig = Readonly<z.infer<typeof warmupConfig>>;
