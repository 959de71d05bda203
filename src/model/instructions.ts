// Instructions: what a sender asked for in control headers, the same shape whatever the dialect.
import { z } from 'zod';

export const prioritySchema = z.literal([1, 2, 3, 4, 5]);

export const instructionsSchema = z.strictObject({
  /** 1 is the most urgent, 3 the default; already capped by what the user may use. */
  priority: prioritySchema.optional(),
  /** A pool that the user was granted. */
  pool: z.string().optional(),
  campaign: z.string().max(255).optional(),
  tags: z.array(z.string().max(255)).max(20).optional(),
  /** The sender's own data, handed on in events and never to recipients. */
  metadata: z.record(z.string(), z.string()).optional(),
});

export type Priority = z.infer<typeof prioritySchema>;
export type Instructions = Readonly<z.infer<typeof instructionsSchema>>;
