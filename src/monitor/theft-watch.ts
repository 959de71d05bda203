// Acts on signs of a stolen password: holds the user's mail until somebody has looked, or only tells.
import type { Clock } from '../lib/clock.ts';
import type { Notice } from '../model/notice.ts';
import type { User } from '../model/settings.ts';
import type { Volume } from './counts.ts';
import type { LogInStore } from './log-ins.ts';
import type { Measures } from './measures.ts';
import type { SenderRecord } from './records.ts';
import type { TheftConfig } from './sender-config.ts';
import { NO_SENDER_TALLY, type SenderTally } from './tallies.ts';
import { judgeTheft, type Suspicion } from './theft.ts';
import { theftConfigFor } from './thresholds.ts';

const DAY = 86_400_000;

export type TheftDeps = Readonly<{
  clock: Clock;
  config: Readonly<{ theft: TheftConfig }>;
  logIns: Pick<LogInStore, 'of'>;
  measures: Measures;
  tell(notice: Notice): Promise<void>;
}>;

/** What the user did within the last hour. */
export type Activity = Readonly<{ volume: Volume | undefined; answers: SenderTally | undefined }>;

/** Holds the mail of a user whose password seems stolen; somebody who lifts the pause has looked, and is believed for a day. */
export async function lookForTheft(
  user: User,
  { record, activity, isPaused }: Readonly<{ record: SenderRecord; activity: Activity; isPaused: boolean }>,
  deps: TheftDeps,
): Promise<SenderRecord> {
  const config = theftConfigFor(user, deps.config.theft);
  const { clock, measures } = deps;
  const now = clock.now();
  if (record.held && isPaused) return record;
  if (record.held) {
    const { held: _, ...rest } = record;
    await tellTheft(
      user,
      { reason: 'Its mail is not held any more: an operator lifted the pause.', over: true },
      deps,
    );
    return { ...rest, trustedUntil: now + DAY };
  }
  const { volume, answers = NO_SENDER_TALLY } = activity;
  if (config.act === 'off' || !volume || now < record.trustedUntil) return record;
  const signs = {
    volume,
    answers,
    logIns: await deps.logIns.of(user.name),
  };
  const { level, reason } = judgeTheft(signs, config, now);
  if (level !== 'theft') return tellSigns(user, { record, level, reason }, deps);
  const why = `Its password may be stolen: ${reason}.`;
  if (config.act === 'tell') return tellSigns(user, { record, level, reason }, deps);
  await measures.pause(user.name, why);
  await tellTheft(user, { reason: why, action: 'hold' }, deps);
  return { ...record, held: { at: now, reason: why }, told: undefined };
}

/** Signs that lead to nothing are told once. */
async function tellSigns(
  user: User,
  { record, level, reason }: Readonly<{ record: SenderRecord }> & Suspicion,
  deps: TheftDeps,
): Promise<SenderRecord> {
  if (level === record.told || (level === 'none' && record.told === undefined)) return record;
  if (level === 'none') return { ...record, told: undefined };
  const weight = level === 'theft' ? 'Its password may be stolen' : 'Something is unusual';
  await tellTheft(user, { reason: `${weight}: ${reason}.` }, deps);
  return { ...record, told: level };
}

async function tellTheft(
  { name, account }: User,
  facts: Pick<Notice, 'reason' | 'action' | 'over'>,
  { tell, clock }: TheftDeps,
): Promise<void> {
  await tell({
    type: 'trouble',
    at: clock.now(),
    scope: 'user',
    key: name,
    account,
    user: name,
    rule: 'theft',
    ...facts,
  });
}
