// Treatment: what compose does to a message beyond its header, fixed when it was accepted so that each attempt gives the same bytes.
import { z } from 'zod';

const block = z.strictObject({ html: z.string().optional(), text: z.string().optional() });

/**
 * Everything of the settings that a letter depends on, copied at acceptance (docs/decisions/0006). What the sender asked for
 * stays in the instructions; a submission without a treatment is passed on as it came.
 */
export const treatmentSchema = z.strictObject({
  /** Scheme and host that links of this message point to, such as "https://click.shop.example"; absent: no links of ours. */
  linkBase: z.string().optional(),
  /** Mailbox that takes "unsubscribe" mail, such as "unsubscribe@bounces.example.net"; absent: no mailto. */
  unsubscribeMailbox: z.string().optional(),
  /** Blocks of the user's settings that this message gets. */
  header: block.optional(),
  footer: block.optional(),
  /** The template's version, and the language it is written in. */
  template: z
    .strictObject({ name: z.string(), version: z.number(), engine: z.enum(['tags', 'liquid']) })
    .optional(),
  /** Header fields (lower case) in which merge tags are replaced. */
  mergeHeaders: z.array(z.string()).optional(),
  /** Values that the recipient store had when the message was accepted, by address in lower case. */
  stored: z.record(z.string(), z.record(z.string(), z.string())).optional(),
  /** Recipients (lower case) that are in no To or Cc field and get their own address there. */
  ownTo: z.array(z.string()).optional(),
});

export type Treatment = Readonly<z.infer<typeof treatmentSchema>>;
