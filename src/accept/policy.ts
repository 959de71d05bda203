// Who may send as whom: From authorised, MAIL FROM replaced, a foreign From rewritten. Pure.
import { decodeWords } from '../mail/words.ts';
import { toAsciiDomain } from '../mail/domain.ts';
import { oneLine } from '../mail/fold.ts';
import { readMailboxes, writeMailbox, type Mailbox } from '../mail/address.ts';
import { domainOf } from '../model/delivery.ts';
import type { User } from '../model/settings.ts';
import { replies, type Reply } from './replies.ts';

/** Who the message is from once the policy has spoken. */
export type Ruling = Readonly<{
  /** Envelope sender; "" is the null sender. */
  sender: string;
  headerFrom: string;
  rewrite?: Readonly<{ from: string; replyTo?: string }>;
}>;

type Own = Readonly<{
  /** "*" among the domains: a user for trying things out, who may stand for everybody. */
  anybody: boolean;
  domains: ReadonlySet<string>;
  /** "shop.example" of "*.shop.example". */
  parents: readonly string[];
  senders: ReadonlySet<string>;
}>;

const MAX_NAME = 80;
const owned = new WeakMap<User, Own>(); // a user entry never changes: new settings bring new entries

/** True when the user may stand for that address. Local parts are compared without case. */
export function mayUse(user: User, address: string): boolean {
  const domain = domainOf(address);
  if (domain === '' || !address.includes('@')) return false;
  return mayUseDomain(user, domain) || ownOf(user).senders.has(address.toLowerCase());
}

/** True when every address of that domain (lower-case A-labels) is the user's. */
export function mayUseDomain(user: User, domain: string): boolean {
  const own = ownOf(user);
  if (own.anybody) return domain !== '';
  return own.domains.has(domain) || own.parents.some((parent) => domain.endsWith(`.${parent}`));
}

/**
 * Rules on a message of `user` with the given From mailboxes. `mailFrom` is the envelope sender as the client gave it,
 * undefined when it was no address at all.
 */
export function ruleOnSender(
  user: User,
  mailFrom: string | undefined,
  from: readonly Mailbox[],
  hasReplyTo: boolean,
): Ruling | Reply {
  const [first] = from;
  if (user.trustedSmartHost) return ruleForSmartHost(user, mailFrom, first?.address ?? '');
  if (!first) return replies.unreadableFrom;
  const foreign = from.find((mailbox) => !mayUse(user, mailbox.address));
  if (!foreign) return { sender: envelopeSender(user, mailFrom, first.address), headerFrom: first.address };
  const stand = user.unauthorisedFrom === 'rewrite' ? standIn(user) : undefined;
  if (!stand) return replies.notYourAddress(foreign.address);
  return {
    sender: envelopeSender(user, mailFrom, stand),
    headerFrom: stand,
    rewrite: {
      from: writeMailbox(nameVia(first, stand), stand),
      // The visitor gets the answers, unless the program has said who does.
      ...(hasReplyTo ? {} : { replyTo: writeMailbox('', first.address) }),
    },
  };
}

/** A trusted smart host forwards outside mail: From stands, and so does a sender that can get a bounce. */
function ruleForSmartHost(user: User, mailFrom: string | undefined, headerFrom: string): Ruling {
  if (mailFrom !== undefined && (mailFrom === '' || mayUse(user, mailFrom)))
    return { sender: mailFrom, headerFrom };
  return { sender: user.bounceAddress ?? mailFrom ?? headerFrom, headerFrom };
}

/** The null sender and the user's own addresses stay; all else (www-data@localhost) would lose its bounces or hit strangers. */
function envelopeSender(user: User, mailFrom: string | undefined, fromAddress: string): string {
  if (mailFrom === '' || (mailFrom !== undefined && mayUse(user, mailFrom))) return mailFrom;
  return user.bounceAddress ?? fromAddress;
}

/** The address that takes the place of a foreign From; undefined when the user has none. */
function standIn(user: User): string | undefined {
  const written = user.rewriteFrom === undefined ? undefined : readMailboxes(user.rewriteFrom)?.[0]?.address;
  if (written !== undefined) return written;
  const domain = user.domains.find((one) => !one.startsWith('*'));
  const ascii = domain === undefined ? undefined : toAsciiDomain(domain);
  return ascii === undefined ? user.senders[0] : `no-reply@${ascii}`;
}

/** "Visitor via shop.example": never the visitor's address, which readers would take for the sender's. */
function nameVia(visitor: Mailbox, stand: string): string {
  const name =
    decodeWords(Buffer.from(visitor.name)) || visitor.address.slice(0, visitor.address.lastIndexOf('@'));
  return `${oneLine(name.replaceAll('@', ' at '), MAX_NAME)} via ${domainOf(stand)}`;
}

function ownOf(user: User): Own {
  const known = owned.get(user);
  if (known) return known;
  const ascii = (domain: string): string => toAsciiDomain(domain) ?? '';
  const own: Own = {
    anybody: user.domains.includes('*'),
    domains: new Set(user.domains.map(ascii).filter(Boolean)),
    parents: user.domains
      .filter((one) => one.startsWith('*.'))
      .map((one) => ascii(one.slice(2)))
      .filter(Boolean),
    senders: new Set(
      user.senders.map((sender) =>
        `${sender.slice(0, sender.lastIndexOf('@'))}@${ascii(domainOf(sender))}`.toLowerCase(),
      ),
    ),
  };
  owned.set(user, own);
  return own;
}
