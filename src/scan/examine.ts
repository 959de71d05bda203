// The examination of a message before its first attempt: one scan for all its recipients, whose verdict is kept with it.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Cause } from '../model/outcome.ts';
import type { Examined, Scan } from '../model/scan.ts';
import type { Submission } from '../model/submission.ts';
import { isScanned, type ScanConfig } from './config.ts';
import type { Ask, Message } from './rspamd.ts';
import type { Trouble } from './trouble.ts';
import { makeBudget } from '../lib/budget.ts';
import { readVerdict, type Verdict } from './verdict.ts';

/** What is kept of messages and their scans, where all processes see it. */
export type Verdicts = Readonly<{
  /** True for one process at a time, for `ms` at most; else what the one that has it knows: a reason to wait, or nothing yet. */
  claim(submission: Submission, ms: number): Promise<Readonly<{ mine: boolean; later?: string }>>;
  /** For so long no other scans it either: the scanner said why. */
  putOff(submission: Submission, reason: string, ms: number): Promise<void>;
  /** Keeps a verdict with the message, unless there is one already; the message as it is then. */
  keep(submission: Submission, scan: Scan): Promise<Submission>;
  /** The message as it is now; undefined: it has ended. */
  read(submission: Submission): Promise<Submission | undefined>;
}>;

export type ExamineDeps = Readonly<{
  config: ScanConfig;
  ask: Ask;
  verdicts: Verdicts;
  loadBody(submission: Submission): Promise<Message['body']>;
  trouble: Trouble;
  clock: Clock;
  log: Log;
  /** The account of our own mail, which is not scanned. */
  own: string;
}>;

export type Examine = (submission: Submission, delivery: Delivery, signal: AbortSignal) => Promise<Examined>;

/** What came of a scan: a message with a verdict, or none for now. */
type Found =
  | Readonly<{ kind: 'verdict'; submission: Submission }>
  | Readonly<{ kind: 'later'; reason: string }>
  | Readonly<{ kind: 'trouble'; problem: string }>
  /** We are stopping, which is no fault of the scanner's. */
  | Readonly<{ kind: 'interrupted' }>;

const LOOK_AGAIN_MS = 250;
/** Beyond its time-out, for what surrounds a scan. */
const SLACK_MS = 10_000;

/** Makes the examination. Rejects only when the message cannot be read or Redis is away: the attempt is then made again. */
export function makeExamine(deps: ExamineDeps): Examine {
  const { config } = deps;
  const places = makeBudget(config.atOnce);
  /** Recipients of one message that come at the same time wait for one scan. */
  const underWay = new Map<string, Promise<Found>>();
  const share = (message: Pick<Message, 'submission' | 'recipient'>, signal: AbortSignal): Promise<Found> => {
    const { id } = message.submission;
    const running = underWay.get(id);
    if (running) return running;
    const found = places.use(1, () => scanOrWait(message, deps, signal)).finally(() => underWay.delete(id));
    underWay.set(id, found);
    return found;
  };
  return async (submission, delivery, signal) => {
    if (submission.account === deps.own || !isScanned(config, submission.user)) return pass(submission);
    if (submission.scan) return conclude(submission, submission.scan, config);
    const found = await share({ submission, recipient: delivery.recipient.address }, signal);
    switch (found.kind) {
      case 'verdict':
        return found.submission.scan
          ? conclude(found.submission, found.submission.scan, config)
          : pass(found.submission);
      case 'later':
        return { kind: 'outcome', submission, outcome: deferral('content', found.reason) };
      case 'trouble':
        return inTrouble(submission, found.problem, deps);
      case 'interrupted':
        return { kind: 'outcome', submission, outcome: held(deps.clock.now()) };
    }
  };
}

/** Where another process scans it, its verdict is as good. */
async function scanOrWait(
  message: Pick<Message, 'submission' | 'recipient'>,
  deps: ExamineDeps,
  signal: AbortSignal,
): Promise<Found> {
  const { verdicts, clock, config } = deps;
  const until = clock.ticks() + config.timeout + SLACK_MS;
  while (clock.ticks() < until && !signal.aborted) {
    const claimed = await verdicts.claim(message.submission, config.timeout + SLACK_MS);
    // What another has found out meanwhile, or an attempt before this one.
    const now = await verdicts.read(message.submission);
    if (now?.scan) return { kind: 'verdict', submission: now };
    if (claimed.later !== undefined) return { kind: 'later', reason: claimed.later };
    if (claimed.mine) return scan(message, deps, signal);
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
  if (signal.aborted) return { kind: 'interrupted' };
  return { kind: 'trouble', problem: 'another process scans it and does not come to an end' };
}

async function scan(
  { submission, recipient }: Pick<Message, 'submission' | 'recipient'>,
  deps: ExamineDeps,
  signal: AbortSignal,
): Promise<Found> {
  const { config, ask, verdicts, trouble, clock } = deps;
  if (submission.size > config.maxSize)
    return keep({ verdict: 'unscanned', reason: 'It was not scanned: it is too large for that.' });
  const resting = trouble.resting();
  if (resting !== undefined) return giveBack({ kind: 'trouble', problem: resting });
  const body = await deps.loadBody(submission);
  const answer = await ask({ submission, recipient, body }, signal);
  const verdict: Verdict | undefined = answer.ok ? readVerdict(answer.text) : undefined;
  if (!verdict && signal.aborted) return giveBack({ kind: 'interrupted' });
  if (!verdict) {
    const problem = answer.ok ? 'its answer is none of rspamd' : answer.problem;
    trouble.began(problem);
    return giveBack({ kind: 'trouble', problem });
  }
  trouble.over();
  if (verdict.kind === 'final') return keep(verdict.scan);
  await verdicts.putOff(submission, verdict.reason, config.again);
  return { kind: 'later', reason: verdict.reason };

  async function keep(found: Omit<Scan, 'at'>): Promise<Found> {
    return { kind: 'verdict', submission: await verdicts.keep(submission, { ...found, at: clock.now() }) };
  }
  async function giveBack(found: Found): Promise<Found> {
    await verdicts.putOff(submission, '', 1);
    return found;
  }
}

function conclude(
  submission: Submission,
  { verdict, reason = '' }: Scan,
  { onReject }: ScanConfig,
): Examined {
  if (verdict !== 'refused') return pass(submission, verdict === 'clean' || reason === '' ? [] : [reason]);
  if (onReject === 'quarantine') return { kind: 'quarantine', submission, reason };
  const cause: Cause = { phase: 'policy', class: 'content', status: '5.7.1', detail: reason };
  return { kind: 'outcome', submission, outcome: { kind: 'bounced', cause, conversation: '' } };
}

/** What the configuration says for the time that the scanner does not answer. */
async function inTrouble(
  submission: Submission,
  problem: string,
  { config, clock, verdicts }: ExamineDeps,
): Promise<Examined> {
  const reason = `The scanner was in trouble (${problem})`;
  if (config.onTrouble === 'defer')
    return {
      kind: 'outcome',
      submission,
      outcome: deferral('local', `${reason}; the message is scanned again.`),
    };
  if (config.onTrouble === 'hold')
    return { kind: 'outcome', submission, outcome: held(clock.now() + config.again) };
  // Kept, so that all attempts send the same, whatever the scanner would say by then.
  const at = clock.now();
  const now = await verdicts.keep(submission, {
    verdict: 'unscanned',
    at,
    reason: `It was not scanned. ${reason}.`,
  });
  return conclude(now, now.scan ?? { verdict: 'unscanned', at }, config);
}

const held = (until: EpochMs) => ({ kind: 'held', rule: 'scan', until }) as const;

function deferral(of: Cause['class'], detail: string) {
  const cause: Cause = { phase: 'policy', class: of, status: '4.7.1', detail };
  return { kind: 'deferred', cause, conversation: '' } as const;
}

function pass(submission: Submission, notes: readonly string[] = []): Examined {
  return { kind: 'pass', submission, notes };
}
