// Thresholds for senders: from which rates on they are warned, slowed and stopped, and what looks like a stolen password.
import { z } from 'zod';
import { rateSchema } from '../lib/rate.ts';
import { durationLike } from '../lib/values.ts';

const duration = durationLike('"24h" or "7d"');
const percent = z.number().min(0).max(100);
const HOUR = 3_600_000;

const stages = (warn: number, slow: number, stop: number, minimum: number) =>
  z
    .strictObject({
      warn: percent.default(warn),
      slow: percent.default(slow),
      stop: percent.default(stop),
      minimum: z.number().int().min(1).default(minimum),
    })
    .refine((one) => one.warn <= one.slow && one.slow <= one.stop, 'warn, slow and stop must grow');

export const senderConfig = z.strictObject({
  act: z
    .enum(['stop', 'slow', 'warn', 'off'])
    .default('stop')
    .describe('How far it may go by itself: stop, slow, warn, off.'),
  bounces: stages(2, 3.5, 5, 200)
    .prefault({})
    .describe(
      'Percent of final answers within 24 hours that were bounces; fewer than minimum count as so many.',
    ),
  complaints: stages(0.1, 0.3, 0.5, 1000)
    .prefault({})
    .describe('Complaints per hundred deliveries within 24 hours; fewer than minimum count as so many.'),
  stopFor: duration.default(24 * HOUR).describe('How long a sender is stopped.'),
  slowTo: rateSchema.prefault('100/h').describe('Rate at which the mail of a slowed sender leaves.'),
  domains: z
    .enum(['warn', 'act'])
    .default('warn')
    .describe('What the rates of one sender domain do: warn only, or act on the user as its own do.'),
});

export const theftConfig = z.strictObject({
  act: z
    .enum(['hold', 'tell', 'off'])
    .default('hold')
    .describe("hold: pause the user's mail until somebody has looked; tell: only say so; off."),
  newFor: z
    .number()
    .int()
    .min(0)
    .default(3)
    .describe('Days with mail before which a user is new: its volume is not compared.'),
  jump: z
    .number()
    .min(1)
    .default(10)
    .describe('How many times its usual busiest hour a user may send in one hour; half of it is a sign.'),
  jumpMinimum: z
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('Recipients within an hour below which no jump is seen.'),
  recipientsPerHour: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Recipients within an hour that are too many, whatever is usual.'),
  unknown: percent
    .default(25)
    .describe('Percent of answers within the hour that knew no such recipient; half of it is a sign.'),
  unknownMinimum: z.number().int().min(1).default(100).describe('Answers below which that is not judged.'),
  countries: z
    .number()
    .int()
    .min(2)
    .default(3)
    .describe('Countries of log-ins within a day, one of them new, that are too many; two are a sign.'),
});

export type SenderConfig = Readonly<z.infer<typeof senderConfig>>;
export type TheftConfig = Readonly<z.infer<typeof theftConfig>>;
