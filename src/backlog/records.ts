// How a delivery's record is written to and read from its Redis hash. Pure.
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import { hashIn } from '../lib/answers.ts';
import type { Delivery, DeliveryState, Pins } from '../model/delivery.ts';
import { prioritySchema } from '../model/instructions.ts';
import { recipientSchema } from '../model/submission.ts';

const pinsSchema = z
  .object({
    dkim: z.array(z.object({ domain: z.string(), selector: z.string() })),
    from: z.string().optional(),
  })
  .transform(({ dkim, from }): Pins => (from === undefined ? { dkim } : { dkim, from }));
const RECORD_VERSION = '1';
const STATES: readonly DeliveryState[] = ['waiting', 'parked', 'sending', 'paused'];

/** Names and values of a new record, flat, as HSET takes them. */
export function writeRecord(delivery: Delivery): string[] {
  const fields: Record<string, string | number> = {
    v: RECORD_VERSION,
    id: delivery.id,
    account: delivery.account,
    submission: delivery.submission,
    user: delivery.user,
    recipient: JSON.stringify(delivery.recipient),
    domain: delivery.domain,
    pool: delivery.pool,
    transport: delivery.transport,
    priority: delivery.priority,
    state: delivery.state,
    run: delivery.run,
    attempts: delivery.attempts,
    ambiguous: delivery.ambiguous,
    due: delivery.due,
    expiresAt: delivery.expiresAt,
    pins: JSON.stringify(delivery.pins ?? { dkim: [] }),
    ...writeWishes(delivery),
  };
  return Object.entries(fields).flatMap(([name, value]) => [name, String(value)]);
}

/** What most deliveries do not have costs nothing. */
function writeWishes({ maxAttempts, campaign, batch, fallback }: Delivery): Record<string, string | number> {
  return {
    ...(fallback === undefined ? {} : { fallback }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(campaign === undefined ? {} : { campaign }),
    ...(batch === undefined ? {} : { batch }),
  };
}

/** A delivery from HGETALL's flat answer; undefined when there is none or its version is not one that we know. */
export function readRecord(flat: readonly string[]): Delivery | undefined {
  const fields = hashIn(flat);
  if (fields.get('v') !== RECORD_VERSION) return undefined;
  const text = (name: string): string => fields.get(name) ?? '';
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const recipient = parseJson(text('recipient'), recipientSchema);
  const priority = prioritySchema.safeParse(number('priority'));
  const state = STATES.find((known) => known === text('state'));
  if (!recipient || !state) return undefined;
  return {
    v: 1,
    id: text('id'),
    account: text('account'),
    submission: text('submission'),
    user: text('user'),
    recipient,
    domain: text('domain'),
    pool: text('pool'),
    transport: text('transport'),
    priority: priority.success ? priority.data : 3,
    state,
    run: number('run'),
    attempts: number('attempts'),
    ambiguous: number('ambiguous'),
    due: number('due'),
    expiresAt: number('expiresAt'),
    pins: readPins(text('pins')),
    ...readWishes(fields),
  };
}

function readWishes(
  fields: ReadonlyMap<string, string>,
): Pick<Delivery, 'maxAttempts' | 'campaign' | 'batch' | 'fallback' | 'hold'> {
  const maxAttempts = Number(fields.get('maxAttempts') ?? 0);
  const campaign = fields.get('campaign');
  const batch = fields.get('batch');
  const fallback = fields.get('fallback') ?? '';
  const hold = fields.get('hold') ?? '';
  return {
    ...(fallback === '' ? {} : { fallback }),
    ...(hold === '' ? {} : { hold }),
    ...(maxAttempts > 0 ? { maxAttempts } : {}),
    ...(campaign === undefined ? {} : { campaign }),
    ...(batch === undefined ? {} : { batch }),
  };
}

function readPins(json: string): Pins {
  return parseJson(json, pinsSchema) ?? { dkim: [] };
}
