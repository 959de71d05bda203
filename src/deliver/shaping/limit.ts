// A limit: what automation or an operator put upon a lane, a transport, a provider or a user for a time; and what several make. Pure.
import { z } from 'zod';
import type { EpochMs } from '../../lib/clock.ts';
import { sayRate, slower, type Rate } from '../../lib/rate.ts';
import type { Effect } from '../providers-file.ts';

const limitScopes = ['lane', 'transport', 'provider', 'user'] as const;

const rate = z.strictObject({ count: z.number().positive(), perMs: z.number().positive() });

export const limitSchema = z.object({
  /** "<scope>:<key>:<rule>": what is made again while it holds is the same limit, longer. */
  id: z.string(),
  scope: z.enum(limitScopes),
  /**
   * lane: "<transport>/<site>", or "<transport>/provider:<name>" for all sites of a provider · transport: its name ·
   * provider: its name, or "site:<site>" where no provider is known · user: its name.
   */
  key: z.string(),
  action: z.enum(['suspend', 'slow']),
  /** What holds besides, where the action is not to suspend. */
  messages: rate.optional(),
  connections: z.number().int().positive().optional(),
  messagesPerConnection: z.number().int().positive().optional(),
  /** Epoch milliseconds. */
  until: z.number(),
  /** Name of the automation rule, or who made it. */
  rule: z.string(),
  why: z.string(),
  at: z.number(),
});

export type Limit = Readonly<z.infer<typeof limitSchema>>;

/** Where something is about to be sent. */
export type Spot = Readonly<{ transport: string; site: string; provider: string | undefined }>;

/** Where a reply was heard, and whose mail it was about. */
export type Heard = Spot & Readonly<{ user: string }>;

/** What all limits that touch a spot come to: the strictest of each kind. */
export type Restriction = Readonly<{
  /** Nothing goes before; epoch milliseconds, 0: it goes. */
  suspendedUntil: EpochMs;
  messages: Rate | undefined;
  connections: number;
  messagesPerConnection: number;
}>;

export const unrestricted: Restriction = {
  suspendedUntil: 0,
  messages: undefined,
  connections: Infinity,
  messagesPerConnection: Infinity,
};

/** The id of a limit. */
export const limitId = ({ scope, key, rule }: Pick<Limit, 'scope' | 'key' | 'rule'>): string =>
  `${scope}:${key}:${rule}`;

/** What a limit says that an effect of automation makes. */
export function effectOf(
  effect: Effect,
): Pick<Limit, 'action' | 'messages' | 'connections' | 'messagesPerConnection'> {
  const { suspend, ...slow } = effect;
  return suspend ? { action: 'suspend' } : { action: 'slow', ...slow };
}

/** What these limits, those that are not over at `now`, come to. */
export function combine(limits: readonly Limit[], now: EpochMs): Restriction {
  return limits
    .filter(({ until }) => until > now)
    .reduce<Restriction>(
      (sum, limit) => ({
        suspendedUntil:
          limit.action === 'suspend' ? Math.max(sum.suspendedUntil, limit.until) : sum.suspendedUntil,
        messages: slower(sum.messages, limit.messages),
        connections: Math.min(sum.connections, limit.connections ?? Infinity),
        messagesPerConnection: Math.min(sum.messagesPerConnection, limit.messagesPerConnection ?? Infinity),
      }),
      unrestricted,
    );
}

/** The key of a limit there: see `limitSchema`. "lanes" are all of the transport to the provider, in the scope of lanes. */
export function keyOf(on: Limit['scope'] | 'lanes', { transport, site, provider, user }: Heard): string {
  switch (on) {
    case 'lane':
      return `${transport}/${site}`;
    case 'lanes':
      return provider === undefined ? `${transport}/${site}` : `${transport}/provider:${provider}`;
    case 'transport':
      return transport;
    case 'provider':
      return provider ?? `site:${site}`;
    case 'user':
      return user;
  }
}

/** True when the limit is about this spot; those of users are not about any. */
export function touches({ scope, key }: Limit, spot: Spot): boolean {
  if (scope === 'user') return false;
  const heard = { ...spot, user: '' };
  return key === keyOf(scope, heard) || (scope === 'lane' && key === keyOf('lanes', heard));
}

/** The names in a limit's key, for those who read events by them. */
export function namesIn({ scope, key }: Limit): Partial<Heard> {
  if (scope === 'user') return { user: key };
  if (scope === 'transport') return { transport: key };
  if (scope === 'provider') return key.startsWith('site:') ? { site: key.slice(5) } : { provider: key };
  const slash = key.indexOf('/');
  const [transport, where] = [key.slice(0, slash), key.slice(slash + 1)];
  return where.startsWith('provider:') ? { transport, provider: where.slice(9) } : { transport, site: where };
}

/** What it does, in a few words: "suspended", "1/min, 1 connection". */
export function sayEffect({ action, messages, connections, messagesPerConnection }: Limit): string {
  if (action === 'suspend') return 'suspended';
  const parts = [
    messages && sayRate(messages),
    connections !== undefined && (connections === 1 ? '1 connection' : `${connections} connections`),
    messagesPerConnection !== undefined && `${messagesPerConnection} messages per connection`,
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}
