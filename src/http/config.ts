// The http slice of the configuration: where health, metrics and the page are served.
import { z } from 'zod';
import { rateSchema } from '../lib/rate.ts';

export const httpConfig = z.strictObject({
  /** Loopback by default: the page and the metrics are not for the public side. */
  host: z.string().min(1).default('127.0.0.1'),
  /** 0: any free port. */
  port: z.number().int().min(0).max(65_535).default(8080),
  requests: rateSchema
    .optional()
    .describe(
      'How many requests each key and member may send to the API, in each process; default: 6000/min.',
    ),
});

export type HttpConfig = Readonly<z.infer<typeof httpConfig>>;
