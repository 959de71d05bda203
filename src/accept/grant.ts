// Wishes become instructions: everything is granted among what the user may use, or refused with a sentence. Pure.
import type { EpochMs } from '../lib/clock.ts';
import { toAsciiDomain } from '../mail/domain.ts';
import type { Instructions, Priority } from '../model/instructions.ts';
import type { Settings, User } from '../model/settings.ts';
import { hasTrackingHost } from './links.ts';
import { mayUseDomain } from './policy.ts';
import { replies, type Reply } from './replies.ts';

export type Granter = Readonly<{
  user: User;
  settings: Pick<Settings, 'templates' | 'domains'>;
  /** When the message was accepted. */
  now: EpochMs;
}>;

/** What is granted, with a sentence for what was asked for and left out. */
export type Granted = Readonly<{ instructions: Instructions; notes: readonly string[] }>;

type Part = Partial<Instructions> | Reply;

const SECOND_MS = 1000;
const MAX_TTL_MS = 30 * 86_400_000;
const MAX_ATTEMPTS = 100;

/** Grants what a message asks for, by itself or through the user's rules and defaults. */
export function grant(wish: Instructions, granter: Granter): Granted | Reply {
  const parts = [poolOf, domainsOf, templateOf, scheduleOf].map((decide) => decide(wish, granter));
  const refusal = parts.find((part) => 'code' in part);
  if (refusal && 'code' in refusal) return refusal;
  const { sendAt: _, bypassSuppression, ...rest } = wish;
  const bypasses = bypassSuppression === true && granter.user.bypassSuppression;
  return {
    instructions: {
      ...rest,
      ...Object.assign({}, ...parts),
      ...limitsOf(wish),
      // Off is off, whatever values came along.
      ...(wish.merge?.off ? { merge: { off: true } } : {}),
      ...(bypasses ? { bypassSuppression } : {}),
      priority: priorityOf(wish.priority, granter.user),
    },
    notes:
      bypassSuppression && !bypasses
        ? ['The suppression list was kept: this user may not send past it.']
        : [],
  };
}

/** The more urgent of user's and message's, but not beyond what the user may ask for. */
export function priorityOf(asked: Priority | undefined, user: User): Priority {
  const wished = asked ?? user.priority;
  const capped = wished < user.maxPriority ? user.maxPriority : wished;
  return capped < user.priority ? capped : user.priority;
}

function poolOf({ pool }: Instructions, { user }: Granter): Part {
  if (pool === undefined || pool === user.pool || user.pools.includes(pool)) return {};
  return replies.notYourPool(pool);
}

function domainsOf(wish: Instructions, { user, settings }: Granter): Part {
  const granted: { -readonly [key in 'returnPathDomain' | 'signingDomain' | 'trackingDomain']?: string } = {};
  const uses = {
    returnPathDomain: 'return path',
    signingDomain: 'signature',
    trackingDomain: 'links',
  } as const;
  for (const key of ['returnPathDomain', 'signingDomain', 'trackingDomain'] as const) {
    const written = wish[key];
    if (written === undefined) continue;
    const domain = toAsciiDomain(written);
    const isOwn = domain !== undefined && mayUseDomain(user, domain);
    // Mandrill's field names the host itself.
    const isOwnHost =
      key === 'trackingDomain' && domain !== undefined && hasTrackingHost(domain, user, settings);
    if (domain === undefined || !(isOwn || isOwnHost)) return replies.notYourDomain(written, uses[key]);
    granted[key] = domain;
  }
  return granted;
}

/** Names are looked up in the user's own account and nowhere else: a name cannot leave it, since accounts have no slash. */
function templateOf({ template }: Instructions, { user, settings }: Granter): Part {
  if (!template) return {};
  const known = settings.templates.get(`${user.account}/${template.name}`);
  if (!known) return replies.noTemplate(template.name);
  if (template.version !== undefined && !known.versions.includes(template.version))
    return replies.noTemplateVersion(template.name, template.version);
  return known.engine === 'liquid' && !user.liquid ? replies.noLiquid(template.name) : {};
}

/** A time that has passed is now. */
function scheduleOf({ sendAt }: Instructions, { user, now }: Granter): Part {
  if (sendAt === undefined || sendAt <= now) return {};
  return sendAt > now + user.scheduleAhead ? replies.tooFarAhead(user.scheduleAhead) : { sendAt };
}

function limitsOf({ ttl, attempts }: Instructions): Partial<Instructions> {
  return {
    ...(ttl === undefined ? {} : { ttl: Math.min(Math.max(ttl, SECOND_MS), MAX_TTL_MS) }),
    ...(attempts === undefined ? {} : { attempts: Math.min(attempts, MAX_ATTEMPTS) }),
  };
}
