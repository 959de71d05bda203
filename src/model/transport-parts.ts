// Parts of a transport's settings: the relay it sends through, and since when it warms up.
import { z } from 'zod';

/** A relay of somebody else that takes mail for everywhere, where this host may not connect to port 25 of others. */
export const viaSchema = z
  .strictObject({
    host: z.string().min(1).describe('Host name or IP address of the relay.'),
    port: z.number().int().min(1).max(65_535).default(587),
    tls: z
      .enum(['none', 'opportunistic', 'required', 'implicit'])
      .default('required')
      .describe(
        'required: STARTTLS or nothing; implicit: TLS from the first byte; both verify the certificate.',
      ),
    verify: z.boolean().default(true).describe('false: take any certificate with required or implicit TLS.'),
    username: z.string().min(1).optional(),
    sealedPassword: z
      .string()
      .optional()
      .describe('Sealed with the master key; never leaves the store in clear.'),
  })
  .describe('An upstream relay that everything goes to, where port 25 is closed.');

const daySchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-25')
  .refine((text) => new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) ?? false, {
    message: 'is not a day that there is',
  });

/** Since when a transport warms up. `day`: the file said on which day of its warm-up it was when it was first read. */
export const warmupSchema = z.strictObject({
  since: daySchema,
  day: z.number().int().min(1).max(366).optional(),
});
