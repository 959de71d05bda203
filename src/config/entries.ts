// Users, domains, pools and transports as the configuration file writes them: the stored entries without what we add.
import { z } from 'zod';
import { nameSchema, poolSchema, transportSchema, userSchema } from '../model/settings.ts';
import { parseBytes } from '../lib/duration.ts';
import { toAsciiDomain } from '../mail/domain.ts';

const domainName = z.string().transform((text, context) => {
  const ascii = toAsciiDomain(text);
  if (ascii !== undefined) return ascii;
  context.addIssue({ code: 'custom', message: 'must be a domain name such as shop.example' });
  return z.NEVER;
});

const bytes = z.union([z.string(), z.number().int().positive()]).transform((value, context) => {
  const size = typeof value === 'number' ? value : parseBytes(value);
  if (size !== undefined && size > 0) return size;
  context.addIssue({ code: 'custom', message: 'must be a size such as "20MB"' });
  return z.NEVER;
});

const limits = userSchema.shape.limits.unwrap().extend({ messageBytes: bytes.optional() });

export const declaredUser = userSchema
  .omit({ v: true, origin: true, disabled: true })
  .extend({
    password: z
      .string()
      .min(1)
      .optional()
      .describe('In clear, best as "${SHOP_PASSWORD}"; stored as a hash.'),
    disabled: z.boolean().optional(),
    limits: limits
      .default({ over: 'hold' })
      .describe('messagesPerHour, messagesPerDay, recipientsPerMessage, messageBytes; over: hold or refuse.'),
  })
  .refine((user) => user.password === undefined || user.passwordHash === undefined, {
    message: 'password and passwordHash exclude each other',
    path: ['passwordHash'],
  });

export const declaredTransport = transportSchema
  .omit({ v: true, origin: true, paused: true })
  .extend({ paused: z.boolean().optional() })
  .refine((transport) => transport.kind === 'sandbox' || transport.address !== undefined, {
    message: 'is missing: name the address of this host that mail leaves from (or kind: sandbox)',
    path: ['address'],
  });

export const declaredPool = poolSchema.omit({ v: true, origin: true });

export const declaredDomain = z.strictObject({
  name: domainName,
  account: nameSchema.default('default'),
});

export type DeclaredUser = Readonly<z.infer<typeof declaredUser>>;
export type DeclaredTransport = Readonly<z.infer<typeof declaredTransport>>;
