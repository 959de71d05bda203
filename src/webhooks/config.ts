// The webhooks slice of the configuration: where webhooks may go, and for how long they are tried.
import { z } from 'zod';
import { durationLike, isNetwork } from '../lib/values.ts';

const HOUR = 3_600_000;

export const webhooksConfig = z.strictObject({
  http: z
    .boolean()
    .default(false)
    .describe('Webhooks may have http:// addresses, too: what is sent can then be read on its way.'),
  ports: z
    .array(z.number().int().min(1).max(65_535))
    .min(1)
    .optional()
    .describe('Ports that webhooks may use; default: 443, and 80 with http.'),
  networks: z
    .array(z.string().refine(isNetwork, { error: 'must be a network such as "10.1.0.0/16"' }))
    .default([])
    .describe('Private networks that webhooks may go to; whoever may make a webhook can call what is there.'),
  tryFor: durationLike('"72h"')
    .refine((ms) => ms >= HOUR && ms <= 30 * 24 * HOUR, { error: 'must be between "1h" and "30d"' })
    .default(72 * HOUR)
    .describe('How long a webhook that does not answer is tried before it is parked; its events are kept.'),
});

export type WebhooksConfig = Readonly<z.infer<typeof webhooksConfig>>;

/** The ports in force. */
export function portsOf({ ports, http }: Pick<WebhooksConfig, 'ports' | 'http'>): readonly number[] {
  return ports ?? (http ? [443, 80] : [443]);
}
