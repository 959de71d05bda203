// The history slice of the configuration: how long deliveries and their statistics are kept, and in which form.
import { z } from 'zod';
import { durationLike } from '../lib/values.ts';
import { parsePostgresUrl } from './postgres/address.ts';

const DAY_MS = 86_400_000;
const span = durationLike('"90d"');

const keepSchema = z.strictObject({
  deliveries: span
    .default(400 * DAY_MS)
    .describe("Deliveries and their events, as search and a message's story show them."),
  conversations: span.default(90 * DAY_MS).describe('What was said to the peers, step by step.'),
  visitors: span
    .default(400 * DAY_MS)
    .describe('Address and program of those who opened, clicked or unsubscribed.'),
  users: z
    .record(z.string(), span)
    .default({})
    .describe('Deliveries of a user, where another time: { shop: "90d" }.'),
  minutes: span.default(3 * DAY_MS).describe('Statistics by minute.'),
  hours: span.default(92 * DAY_MS).describe('Statistics by hour.'),
  days: span.default(1830 * DAY_MS).describe('Statistics by day.'),
});

export const historyConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('false: no search and no statistics beyond the event log.'),
  store: z
    .string()
    .superRefine((text, context) => {
      const address = text === 'sqlite' ? undefined : parsePostgresUrl(text);
      if (typeof address === 'string') context.addIssue({ code: 'custom', message: address });
    })
    .default('sqlite')
    .describe(
      '"sqlite": files in the data folder of one host; for several hosts postgres://user@host/database.',
    ),
  poolSize: z
    .int()
    .min(1)
    .max(100)
    .default(8)
    .describe('Connections to PostgreSQL at most, of each process, for questions.'),
  keep: keepSchema.prefault({}).describe('How long what is kept.'),
  subjects: z
    .enum(['plain', 'hash'])
    .default('plain')
    .describe('hash: the subject is found when it is given as a whole, and shown to nobody.'),
  addresses: z
    .enum(['plain', 'hash'])
    .default('plain')
    .describe('hash: recipients and senders are found when they are given as a whole, and shown to nobody.'),
});

export type HistoryConfig = Readonly<z.infer<typeof historyConfig>>;
export type Keep = HistoryConfig['keep'];
