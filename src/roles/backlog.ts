// Wiring of the backlog: where a submission goes, which transport a delivery gets, who is told of a failure.
import type { Handover } from '../backlog/carrier.ts';
import { makeSubmit, type Submitted, type SubmitRequest } from '../backlog/submit.ts';
import { makeJobAdder } from '../backlog/queue.ts';
import { makeTransitions } from '../backlog/transitions.ts';
import { pin } from '../compose/compose.ts';
import { domainOf, type Delivery, type Pins } from '../model/delivery.ts';
import type { Priority } from '../model/instructions.ts';
import type { User } from '../model/settings.ts';
import type { Recipient, Submission } from '../model/submission.ts';
import { hasSuppressions } from '../model/suppression.ts';
import type { Base } from './base.ts';
import { makeChoice } from './choice.ts';
import { SYSTEM } from './system.ts';
import { returnPathOf } from './return-path.ts';

/** Redis reads one socket a few kilobytes per turn and syncs once per turn for all: bodies spread over several. */
const ENTRANCES = 8;
/** How long a replica may take to confirm what the master has written. */
const WAIT_MS = 2_000;

export type SubmitMail = (request: SubmitRequest) => Promise<Submitted>;

/** A place in a lane of this process, where it has one for the delivery. */
export type Reserve = (delivery: Delivery) => Handover | undefined;

/**
 * The door for accepted mail, over connections of its own. Resolves when they are up. Where the process `delivers`, bodies
 * stay in its memory for a while.
 */
export async function openSubmit(
  base: Base,
  reserve: Reserve,
  delivers: boolean,
  providerOf?: (domain: string) => string | undefined,
): Promise<SubmitMail> {
  const { keys, clock, log, config } = base;
  const sockets = Array.from({ length: ENTRANCES }, () => base.connect('accept'));
  await Promise.all(sockets.map((socket) => socket.whenReady()));
  const entrances = sockets.map((redis) => ({
    redis,
    jobs: makeJobAdder(redis.raw, keys.queues, clock, log),
    park: makeTransitions(redis, keys).park,
    ...(redis.replicated ? { confirm: async () => Number(await redis.call('WAIT', 1, WAIT_MS)) } : {}),
  }));
  const submit = makeSubmit({
    entrances,
    keys,
    clock,
    log,
    expireAfterMs: config.delivery.retry.expire,
    clockOffset: base.offset.ms,
    route: (submission) => routeOf(base, submission),
    chooseTransport: makeChoice(base, providerOf).first,
    pin: (submission) => pinFor(base, submission),
    heldBack: (submission, recipients) => heldBack(base, submission, recipients),
    returnPath: (submission) => returnPathOf(base, submission),
    reserve,
  });
  return async (request) => {
    const { submission, body } = request;
    if (submission.body !== 'redis:') await base.bodies.claim(submission);
    else if (body && delivers) base.bodies.remember(submission, body);
    return submit(request);
  };
}

/** Whom mail of a submission may not go to; nobody is asked for what has no list, or may pass it by. */
function heldBack(
  { suppressions, settingsNow }: Base,
  { account, user, headerFrom, instructions }: Submission,
  recipients: readonly Recipient[],
): Promise<ReadonlySet<string>> | undefined {
  if (!hasSuppressions(settingsNow(), account)) return undefined;
  const { topic } = instructions;
  const addresses = recipients.map(({ address }) => address);
  const about = { user, domain: domainOf(headerFrom), ...(topic === undefined ? {} : { topic }) };
  return suppressions.suppressedAmong(account, addresses, about);
}

/**
 * Pool and priority: what the message asks for among what its user was granted, else what the operator gave to the sender's
 * domain, where that is of the user's account, else the user's own.
 */
function routeOf(
  base: Base,
  { user: name, headerFrom, instructions }: Submission,
): Readonly<{ pool: string; priority: Priority }> {
  if (name === SYSTEM) return { pool: systemPool(base), priority: 3 };
  const { users, domains } = base.settingsNow();
  const user = users.get(name);
  const priority = priorityOf(instructions.priority, user);
  const wished = instructions.pool;
  if (wished !== undefined && user?.pools.includes(wished)) return { pool: wished, priority };
  const domain = domains.get(domainOf(headerFrom));
  const ofDomain = user !== undefined && domain?.account === user.account ? domain.pool : undefined;
  return { pool: (wished === user?.pool ? wished : ofDomain) ?? user?.pool ?? 'default', priority };
}

/**
 * Keys to sign with. Our own mail that asks for the system's domain is signed for it, whichever account the domain is of; what
 * we only pass on never asks.
 */
function pinFor({ config, settingsNow }: Base, submission: Submission): Pins {
  const settings = settingsNow();
  const { domain } = config.system;
  const isOwn = submission.user === SYSTEM && submission.instructions.signingDomain === domain;
  const account = isOwn ? settings.domains.get(domain)?.account : undefined;
  return pin(account === undefined ? submission : { ...submission, account }, settings);
}

/** "default" may have no transport where commands made them all: then the first one's, and a sandbox only for want of others. */
function systemPool({ config, settingsNow }: Base): string {
  const { pool } = config.system;
  const { transports, pools } = settingsNow();
  const all = [...transports.values()];
  if (pool !== 'default' || pools.has(pool) || all.some((transport) => transport.pool === pool)) return pool;
  return (all.find(({ kind }) => kind !== 'sandbox') ?? all[0])?.pool ?? pool;
}

/** The smaller number is the more urgent; a message cannot be made more urgent than its user may. */
function priorityOf(asked: Priority | undefined, user: User | undefined): Priority {
  const own = user?.priority ?? 3;
  if (asked === undefined || asked >= own) return own;
  const most = user?.maxPriority ?? 1;
  return asked > most ? asked : most;
}
