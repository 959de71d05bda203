// What events count for: transports by provider, users and their sender domains, in spans of time. Pure.
import type { Event } from '../model/event.ts';
import { NO_TALLY, outcomeKinds, outcomeOf, type OutcomeKind, type Tally } from './rates.ts';

/** How mail of a sender ended, as far as it tells something of the sender. */
const senderKinds = ['delivered', 'bounced', 'unknown', 'complained'] as const;
type SenderKind = (typeof senderKinds)[number];
/** `unknown` are bounces, too: of recipients that do not exist. */
export type SenderTally = Readonly<Record<SenderKind, number>>;

export const NO_SENDER_TALLY: SenderTally = { delivered: 0, bounced: 0, unknown: 0, complained: 0 };

/** A user, or one of its sender domains. */
export type Sender = Readonly<{ user: string; domain?: string }>;

/** "shop", or "shop|news.example": names of counters; user names have no "|". */
export const senderKey = ({ user, domain }: Sender): string =>
  domain === undefined ? user : `${user}|${domain}`;

export function readSenderKey(key: string): Sender {
  const [user = '', domain] = key.split('|');
  return domain === undefined ? { user } : { user, domain };
}

/** Bounces that tell of us or of nobody, and not of who was written to. */
const OURS = new Set([
  'blocked',
  'reputation',
  'rate-limited',
  'greylisted',
  'busy',
  'connection',
  'protocol',
  'local',
  'tls',
  'dns',
  'routing',
  'suppressed',
  'expired',
]);
const UNKNOWN = new Set(['bad-mailbox', 'inactive-mailbox', 'bad-domain', 'no-mail-domain']);

/** What an event counts as for its sender. */
function senderKindsOf({ type, class: cause = '' }: Event): readonly SenderKind[] {
  if (type === 'delivered' || type === 'complained') return [type];
  if (type !== 'bounced' || OURS.has(cause)) return [];
  return UNKNOWN.has(cause) ? ['bounced', 'unknown'] : ['bounced'];
}

/** The domain that recipients see as the sender's. */
function senderDomain({ headerFrom, sender }: Event): string | undefined {
  const address = headerFrom || sender;
  const domain = address
    .slice(address.lastIndexOf('@') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '');
  return !address.includes('@') || domain === '' ? undefined : domain.slice(0, 253);
}

/** Counters of an event: of its transport at a provider, of its sender, and how many recipients it handed in. */
export type Counted = Readonly<{
  transport?: string;
  users: readonly string[];
  domains: readonly string[];
  volume?: string;
}>;

export function countedOf(event: Event): Counted {
  const { type, user, transport = '', provider = '' } = event;
  const outcome = outcomeOf(event);
  const kinds = user === '' ? [] : senderKindsOf(event);
  const domain = kinds.length > 0 ? senderDomain(event) : undefined;
  const counters = (sender: Sender): readonly string[] => kinds.map((kind) => `${senderKey(sender)}|${kind}`);
  return {
    ...(outcome && transport !== '' ? { transport: `${transport}|${provider}|${outcome}` } : {}),
    users: counters({ user }),
    domains: domain === undefined ? [] : counters({ user, domain }),
    ...(type === 'accepted' && user !== '' ? { volume: user } : {}),
  };
}

/** By transport and provider, from counters of one span. */
export function transportTallies(counters: ReadonlyMap<string, string>): Map<string, Map<string, Tally>> {
  const transports = new Map<string, Map<string, Tally>>();
  for (const [name, text] of counters) {
    const [transport = '', provider = '', kind] = name.split('|');
    if (!isOutcome(kind)) continue;
    const providers = transports.get(transport) ?? new Map<string, Tally>();
    transports.set(transport, providers);
    const tally = providers.get(provider) ?? NO_TALLY;
    providers.set(provider, { ...tally, [kind]: tally[kind] + Number(text) });
  }
  return transports;
}

/** By sender, from counters of one span. */
export function senderTallies(counters: ReadonlyMap<string, string>): Map<string, SenderTally> {
  const senders = new Map<string, SenderTally>();
  for (const [name, text] of counters) {
    const at = name.lastIndexOf('|');
    const [sender, kind] = [name.slice(0, at), name.slice(at + 1)];
    if (!isSenderKind(kind)) continue;
    const tally = senders.get(sender) ?? NO_SENDER_TALLY;
    senders.set(sender, { ...tally, [kind]: tally[kind] + Number(text) });
  }
  return senders;
}

export function addSenderTallies(
  tallies: Iterable<SenderTally>,
  share: (n: number) => number = (n) => n,
): SenderTally {
  const sum = { ...NO_SENDER_TALLY };
  for (const tally of tallies) for (const kind of senderKinds) sum[kind] += share(tally[kind]);
  return sum;
}

const isOutcome = (text: string | undefined): text is OutcomeKind =>
  outcomeKinds.some((kind) => kind === text);
const isSenderKind = (text: string): text is SenderKind => senderKinds.some((kind) => kind === text);
