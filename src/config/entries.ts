// Users, domains, pools and transports as the configuration file writes them: the stored entries without what we add.
import { z } from 'zod';
import { nameSchema, poolSchema, transportSchema, userSchema } from '../model/settings.ts';
import { toAsciiDomain } from '../mail/domain.ts';

const domainName = z.string().transform((text, context) => {
  const ascii = toAsciiDomain(text);
  if (ascii !== undefined) return ascii;
  context.addIssue({ code: 'custom', message: 'must be a domain name such as shop.example' });
  return z.NEVER;
});

export const declaredUser = userSchema
  .omit({ v: true, origin: true, disabled: true })
  .extend({
    password: z
      .string()
      .min(1)
      .optional()
      .describe('In clear, best as "${SHOP_PASSWORD}"; stored as a hash.'),
    disabled: z.boolean().optional(),
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
