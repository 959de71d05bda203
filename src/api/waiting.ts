// Why something waits, as the API tells it, and when what was found in the history is tried next.
import { z } from 'zod';
import type { Asked, LookAtWaiting } from '../verbs/look.ts';

export const whySchema = z.object({
  kind: z
    .enum(['sending', 'paused', 'transport', 'no-transport', 'limit', 'hold', 'retry', 'later'])
    .describe(
      'transport: it is paused, draining or in quarantine; limit: `text` is why; hold: `rule` holds it; retry: it was tried before; later: it is scheduled.',
    ),
  rule: z.string().optional(),
  state: z.string().optional().describe('Of the transport.'),
  scope: z
    .string()
    .optional()
    .describe('What a pause or limit is about: transport, lane, provider, user, domain, campaign.'),
  name: z.string().optional().describe('Its name.'),
  text: z.string().optional().describe('What was said about it.'),
});

export const waitSchema = z
  .object({
    due: z.number().describe('When it is tried next, epoch milliseconds.'),
    why: whySchema.optional().describe('Absent: it waits for its turn only.'),
  })
  .describe('Of what waits: queued or deferred.');

type Looked<T> = T & Readonly<{ wait?: z.output<typeof waitSchema> }>;

/** The same rows, those that wait with when and why. */
export async function withWaits<T extends Asked>(
  rows: readonly T[],
  look: LookAtWaiting,
): Promise<readonly Looked<T>[]> {
  const waits = await look(rows);
  return rows.map((row) => {
    const wait = waits.get(row.delivery);
    return wait === undefined ? row : { ...row, wait };
  });
}
