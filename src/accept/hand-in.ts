// A message that comes in whole, by another way than SMTP: the same transaction, with the same checks and the same replies.
import type { Again } from './again.ts';
import type { Clock } from '../lib/clock.ts';
import type { Settings, User } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import { makeAuthenticate, type LogIn, type LoggedIn } from './authenticate.ts';
import { makeBudget } from './body.ts';
import { readMail } from './envelope.ts';
import { makeGuard } from './guard.ts';
import { identify } from './identity.ts';
import { maxRecipientsOf } from './recipients.ts';
import { replies, type Reply } from './replies.ts';
import { makeTake, type TakeDeps } from './take.ts';
import { makeTally } from './tally.ts';
import { refusalOfMail, UserTransaction, type TransactionDeps } from './transaction.ts';

/** `sender` "" is the null sender. */
export type Parcel = Readonly<{
  user: string;
  sender: string;
  recipients: readonly string[];
  /** Header and body. */
  content: Buffer;
  received: Submission['received'];
  /** The earlier message that it is; absent: a new one. */
  again?: Again;
}>;

/** How the Received field names a client at this address that came by HTTP (RFC 5321 §4.1.3). */
export function receivedByHttp(peer: string): Parcel['received'] {
  return { helo: peer.includes(':') ? `[IPv6:${peer}]` : `[${peer}]`, address: peer, protocol: 'HTTP' };
}

export type RefusedRecipient = Readonly<{ address: string; reply: Reply }>;

/** `refused` are recipients that do not get it, while the others do. */
export type HandedIn = Readonly<
  | { ok: true; id: string; accepted: readonly string[]; refused: readonly RefusedRecipient[] }
  | { ok: false; reply: Reply; refused: readonly RefusedRecipient[] }
>;

export type Door = Readonly<{
  handIn(parcel: Parcel): Promise<HandedIn>;
  /** Checks a user's own name and password, with the same patience as AUTH. */
  logIn(name: string, password: string, address: string): Promise<LogIn>;
}>;

export type DoorDeps = Omit<TransactionDeps, 'take' | 'budget'> &
  Omit<TakeDeps, 'tally' | 'maxRecipients' | 'settings'> &
  Readonly<{
    clock: Clock;
    /** Bytes of messages in memory at a time. */
    memoryBudget: number;
    loggedIn?: LoggedIn | undefined;
    settings: () => Settings | undefined;
  }>;

/** Opens a door beside SMTP's. */
export function makeDoor(deps: DoorDeps): Door {
  const { settings, clock, loggedIn } = deps;
  const transactions: TransactionDeps & Readonly<{ clock: Clock }> = {
    ...deps,
    budget: makeBudget(deps.memoryBudget),
    take: makeTake({ ...deps, tally: makeTally() }),
  };
  const authenticate = makeAuthenticate({ settings, guard: makeGuard(), clock, loggedIn });
  return {
    logIn: (name, password, address) => authenticate({ name, password, address }),
    handIn: async (parcel) => {
      const user = identify(settings(), parcel.user, parcel.received.address);
      if ('code' in user) return refuse(user);
      return handIn(parcel, user, transactions);
    },
  };
}

const refuse = (reply: Reply, refused: readonly RefusedRecipient[] = []): HandedIn => ({
  ok: false,
  reply,
  refused,
});

async function handIn(
  { sender: from, recipients, content, received, again }: Parcel,
  user: User,
  deps: TransactionDeps & Readonly<{ clock: Clock }>,
): Promise<HandedIn> {
  const max = maxRecipientsOf(user, deps.maxRecipients);
  if (recipients.length > max) return refuse(replies.tooManyRecipients(max));
  const sender = readMail(`FROM:<${from}> SIZE=${content.length} BODY=8BITMIME SMTPUTF8`, true);
  if (!sender.ok) return refuse(sender.reply);
  const unfit = refusalOfMail(user, sender.value, deps);
  if (unfit) return refuse(unfit);
  const transaction = new UserTransaction(user, sender.value, deps);
  const accepted: string[] = [];
  const refused: RefusedRecipient[] = [];
  for (const address of recipients) {
    const reply = await transaction.recipient(`TO:<${address}>`);
    if (reply.code < 300) accepted.push(address);
    else refused.push({ address, reply });
  }
  if (accepted.length === 0) return refuse(refused[0]?.reply ?? replies.recipientFirst, refused);
  const reply = await transaction.take(content, received, again);
  const id = /queued as (\S+)$/.exec(reply.text)?.[1];
  return reply.code === 250 && id !== undefined
    ? { ok: true, id, accepted, refused }
    : refuse(reply, refused);
}
