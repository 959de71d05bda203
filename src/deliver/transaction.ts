// One mail transaction on an open connection: MAIL, RCPT, DATA, the message, the dot (RFC 5321 §3.3, RFC 2920).
import type { Clock } from '../lib/clock.ts';
import type { ParsedReply } from '../mail/reply.ts';
import type { Letter } from '../model/letter.ts';
import type { Phase, RemoteReply } from '../model/outcome.ts';
import type { Timeouts } from './config.ts';
import type { Conversation } from './conversation.ts';
import type { Peer } from './peer.ts';
import type { Trouble } from './trouble.ts';
import { writeMessage } from './write.ts';

export type TransactionDeps = Readonly<{
  clock: Clock;
  timeouts: Timeouts;
  conversation: Conversation;
  /** Asked before MAIL and again before the dot: false when another process may have taken over. */
  mayProceed(): boolean;
  /** The sender wants TLS all the way: MAIL says so where the peer knows it. */
  requireTls: boolean;
}>;

export type Transaction = Readonly<
  | { kind: 'taken'; reply: RemoteReply }
  | {
      kind: 'failed';
      trouble: Trouble;
      /** The dot went out, and no reply told what became of it. */
      ambiguous: boolean;
      /** The peer answered MAIL, so that the connection was alive. */
      answered: boolean;
    }
>;

type Step = Readonly<{ phase: Phase; command: string; ms: number }>;

/** Sends `letter` to its one recipient. Afterwards the peer is either broken or fit for the next transaction. */
export async function transact(peer: Peer, letter: Letter, deps: TransactionDeps): Promise<Transaction> {
  const unfit = whyUnfit(peer, letter);
  if (unfit) return fail(unfit, true);
  if (!deps.mayProceed()) return fail(withdrawn('mail'), true);
  if (!peer.quiet) {
    peer.break('lost', `${peer.facts.host} was closing the connection`);
    return lost(peer, 'mail', false);
  }
  peer.sent++;
  const refused = await envelope(peer, letter, deps);
  if (refused) return refused;
  const written = await writeMessage(peer, letter, deps);
  if (written.kind !== 'written')
    return written.kind === 'failed' ? fail(written.trouble, true) : lost(peer, 'data');
  return ending(peer, deps, written.bytes);
}

/** What the peer cannot take although the letter was made for it: it bounces rather than arrive broken. */
function whyUnfit(peer: Peer, letter: Letter): Trouble | undefined {
  const { offer, host } = peer.facts;
  const no = (status: string, detail: string): Trouble => ({ kind: 'unfit', phase: 'mail', status, detail });
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(letter.from + letter.to))
    return no('5.1.3', 'The envelope has an address with control characters.');
  const international = letter.smtputf8 || /[^\0-\x7f]/.test(letter.from + letter.to); // oxlint-disable-line no-control-regex
  if (international && !offer.smtputf8)
    return no('5.6.7', `${host} does not take international addresses or header fields (SMTPUTF8).`);
  if (letter.eightBit && !offer.eightBitMime)
    return no('5.6.3', `${host} does not take 8-bit mail, and this message may not be converted.`);
  if (offer.maxBytes > 0 && letter.size > offer.maxBytes)
    return no('5.3.4', `The message has ${letter.size} bytes; ${host} takes at most ${offer.maxBytes}.`);
  return undefined;
}

async function envelope(peer: Peer, letter: Letter, deps: TransactionDeps): Promise<Transaction | undefined> {
  const { timeouts } = deps;
  const steps: Step[] = [
    { phase: 'mail', command: mailCommand(peer, letter, deps), ms: timeouts.envelope },
    { phase: 'rcpt', command: rcptCommand(peer, letter), ms: timeouts.envelope },
    { phase: 'data', command: 'DATA', ms: timeouts.data },
  ];
  if (peer.transactionOpen) steps.unshift({ phase: 'mail', command: 'RSET', ms: timeouts.envelope });
  peer.transactionOpen = true;
  return peer.facts.offer.pipelining ? together(peer, steps, deps) : oneByOne(peer, steps, deps);
}

/** RFC 2920: all commands in one write, then all replies. */
async function together(
  peer: Peer,
  steps: readonly Step[],
  deps: TransactionDeps,
): Promise<Transaction | undefined> {
  peer.write(steps.map((step) => `${step.command}\r\n`).join(''));
  const since = deps.clock.ticks();
  let first: Transaction | undefined;
  let answered = false;
  for (const step of steps) {
    const reply = await hear(peer, step, since, deps);
    if (!reply) return first ?? lost(peer, step.phase, answered);
    answered ||= step.phase === 'mail' && step.command !== 'RSET' && reply.code !== 421;
    first ??= verdict(peer, step, reply, answered);
    // A peer that wants the message of a refused envelope is not given one, nor an empty one.
    if (first && reply.code < 400 && step.phase === 'data')
      peer.break('protocol', 'DATA was taken without a recipient');
    if (reply.code === 421) peer.break('lost', 'the peer is closing');
  }
  return first;
}

async function oneByOne(
  peer: Peer,
  steps: readonly Step[],
  deps: TransactionDeps,
): Promise<Transaction | undefined> {
  let answered = false;
  for (const step of steps) {
    peer.write(`${step.command}\r\n`);
    const reply = await hear(peer, step, deps.clock.ticks(), deps);
    if (!reply) return lost(peer, step.phase, answered);
    answered ||= step.phase === 'mail' && step.command !== 'RSET' && reply.code !== 421;
    const refusal = verdict(peer, step, reply, answered);
    if (reply.code === 421) peer.break('lost', 'the peer is closing');
    if (refusal) return refusal;
  }
  return undefined;
}

async function hear(
  peer: Peer,
  step: Step,
  since: number,
  deps: TransactionDeps,
): Promise<ParsedReply | undefined> {
  const reply = await peer.read(step.ms);
  if (reply) deps.conversation.heard(step.command, reply, deps.clock.ticks() - since);
  else deps.conversation.note(`${step.command} → no reply: ${peer.broken?.detail ?? ''}`);
  return reply;
}

/** Undefined when the reply lets us go on: 2xx, and 354 alone for DATA. */
function verdict(peer: Peer, step: Step, reply: ParsedReply, answered: boolean): Transaction | undefined {
  const goes = step.phase === 'data' ? reply.code === 354 : reply.code >= 200 && reply.code < 300;
  if (goes) return undefined;
  if (reply.code >= 400) return fail({ kind: 'refused', phase: step.phase, detail: '', reply }, answered);
  const detail = `${peer.facts.host} answered ${step.command.slice(0, 4)} with ${reply.code}, which it must not`;
  peer.break('protocol', detail);
  return fail({ kind: 'protocol', phase: step.phase, detail, reply }, answered);
}

async function ending(peer: Peer, deps: TransactionDeps, bytes: number): Promise<Transaction> {
  const since = deps.clock.ticks();
  const reply = await peer.read(deps.timeouts.dot);
  const command = `(message, ${bytes} bytes) .`;
  if (!reply) {
    const detail = `${peer.broken?.detail ?? 'no reply'} after the end of the message; it may have taken it`;
    deps.conversation.note(`${command} → no reply: ${peer.broken?.detail ?? ''}`);
    const kind = peer.broken?.kind ?? 'lost';
    return { kind: 'failed', trouble: { kind, phase: 'dot', detail }, ambiguous: true, answered: true };
  }
  deps.conversation.heard(command, reply, deps.clock.ticks() - since);
  peer.transactionOpen = false;
  if (reply.code === 421 || !peer.quiet) peer.break('lost', 'the peer is closing or said too much');
  if (reply.code >= 200 && reply.code < 300) return { kind: 'taken', reply };
  if (reply.code >= 400) return fail({ kind: 'refused', phase: 'dot', detail: '', reply }, true);
  const detail = `${peer.facts.host} answered the end of the message with ${reply.code}, which says nothing`;
  peer.break('protocol', detail);
  const trouble: Trouble = { kind: 'protocol', phase: 'dot', detail, reply };
  return { kind: 'failed', trouble, ambiguous: true, answered: true };
}

function mailCommand(peer: Peer, letter: Letter, { requireTls }: TransactionDeps): string {
  const { offer, tls } = peer.facts;
  let command = `MAIL FROM:<${letter.from}>`;
  if (offer.size) command += ` SIZE=${letter.size}`;
  if (letter.eightBit) command += ' BODY=8BITMIME';
  if (letter.smtputf8) command += ' SMTPUTF8';
  if (requireTls && offer.requireTls && tls !== undefined) command += ' REQUIRETLS';
  if (offer.dsn && letter.dsn.ret !== undefined) command += ` RET=${letter.dsn.ret}`;
  if (offer.dsn && letter.dsn.envid !== undefined) command += ` ENVID=${letter.dsn.envid}`;
  return command;
}

function rcptCommand(peer: Peer, letter: Letter): string {
  const { notify, orcpt } = letter.dsn;
  let command = `RCPT TO:<${letter.to}>`;
  if (!peer.facts.offer.dsn) return command;
  if (notify !== undefined && notify.length > 0) command += ` NOTIFY=${notify.join(',')}`;
  if (orcpt !== undefined) command += ` ORCPT=${orcpt}`;
  return command;
}

function fail(trouble: Trouble, answered: boolean): Transaction {
  return { kind: 'failed', trouble, ambiguous: false, answered };
}

function lost(peer: Peer, phase: Phase, answered = true): Transaction {
  const { kind, detail } = peer.broken ?? { kind: 'lost', detail: 'the connection was lost' };
  return fail({ kind, phase, detail }, answered);
}

/** The trouble of an attempt that this process may not make any more. */
export function withdrawn(phase: Phase): Trouble {
  return {
    kind: 'withdrawn',
    phase,
    detail: 'This process may not send for the transport any more; it goes on elsewhere.',
  };
}
