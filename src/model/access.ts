// Who may do what over HTTP: scopes, roles, members, keys, and the principal that a request is made by. Pure.
import { z } from 'zod';
import { nameSchema } from './settings.ts';

/** What a key may be made for. The part before the colon is a noun of the API, the part after it what is done with it. */
export const scopes = [
  'messages:send',
  'messages:read',
  'queue:write',
  'events:read',
  'statistics:read',
  'suppressions:read',
  'suppressions:write',
  'recipients:read',
  'recipients:write',
  'templates:read',
  'templates:write',
  'users:read',
  'users:write',
  'domains:read',
  'domains:write',
  'transports:read',
  'transports:write',
  'webhooks:read',
  'webhooks:write',
  'keys:read',
  'keys:write',
  'members:read',
  'members:write',
  'settings:read',
  'alerts:read',
  'quarantine:write',
] as const;

export type Scope = (typeof scopes)[number];
export const scopeSchema = z.enum(scopes);

/** admin: everything · operator: all but members, and keys of others · viewer: reads · user: the mail of one SMTP user. */
export const memberRoles = ['admin', 'operator', 'viewer', 'user'] as const;

export type MemberRole = (typeof memberRoles)[number];
export const memberRoleSchema = z.enum(memberRoles);

/** Somebody who logs in to the dashboard. */
export const memberSchema = z.strictObject({
  v: z.literal(1),
  name: nameSchema,
  account: nameSchema.default('default'),
  role: memberRoleSchema,
  user: nameSchema.optional().describe('The SMTP user whose mail a member of role "user" sees.'),
  passwordHash: z.string(),
  disabled: z.boolean().default(false),
  madeAt: z.number().describe('Epoch milliseconds.'),
  /** Sessions that began before are over, epoch milliseconds. */
  sessionsFrom: z.number(),
});

export type Member = Readonly<z.infer<typeof memberSchema>>;

/** A key of the API, without its secret part, which nobody keeps. */
export const apiKeySchema = z.strictObject({
  v: z.literal(1),
  id: z.string(),
  /** What it is for, in the words of who made it. */
  name: z.string().min(1).max(100),
  account: nameSchema,
  scopes: z.array(scopeSchema).min(1),
  user: nameSchema.optional().describe('The one SMTP user whose mail it is for.'),
  /** Who made it: a member's name, or "command". */
  by: z.string(),
  madeAt: z.number().describe('Epoch milliseconds.'),
  expiresAt: z.number().optional().describe('Epoch milliseconds; absent: it does not expire.'),
  /** SHA-256 of the whole key, hexadecimal. */
  hash: z.string(),
});

export type ApiKey = Readonly<z.infer<typeof apiKeySchema>>;

/** Who asks. Whatever is answered is of the principal's account, and of its user where it is bound to one. */
export type Principal = Readonly<{
  /** The member's name, or the id of the key. */
  name: string;
  account: string;
  role: MemberRole;
  scopes: ReadonlySet<Scope>;
  /** The only SMTP user whose mail it sees. */
  user?: string;
  via: 'key' | 'session';
}>;
