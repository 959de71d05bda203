// What a user has of its own in place of the monitor's thresholds for all. Pure.
import { z } from 'zod';

const percent = z.number().min(0).max(100).optional();
const stages = z.strictObject({ warn: percent, slow: percent, stop: percent }).optional();

/** Percent of bounces and complaints, and what is done; what is not given is as "monitor.senders" and "monitor.theft" say. */
export const watchSchema = z.strictObject({
  act: z.enum(['stop', 'slow', 'warn', 'off']).optional(),
  bounces: stages,
  complaints: stages,
  theft: z.enum(['hold', 'tell', 'off']).optional(),
  recipientsPerHour: z.number().int().positive().optional(),
  jump: z.number().min(1).optional(),
});

export type Watch = Readonly<z.infer<typeof watchSchema>>;
