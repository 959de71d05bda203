// Signs of a stolen password: a jump in volume, recipients that do not exist, log-ins from countries all over. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Volume } from './counts.ts';
import type { TheftConfig } from './sender-config.ts';
import type { SenderTally } from './tallies.ts';

/** Where a user logged in from: when first and when last, by country. */
export type LogIns = ReadonlyMap<string, Readonly<{ first: EpochMs; last: EpochMs }>>;

export type TheftSigns = Readonly<{
  volume: Volume;
  /** Answers of the last hour. */
  answers: SenderTally;
  logIns: LogIns;
}>;

export type Suspicion = Readonly<{
  /** theft: one grave sign, or two others. */
  level: 'none' | 'signs' | 'theft';
  reason: string;
}>;

type Sign = Readonly<{ weight: 0 | 1 | 2; said: string }>;

const DAY = 86_400_000;
const NO_SIGN: Sign = { weight: 0, said: '' };

/** What all signs together say. */
export function judgeTheft(signs: TheftSigns, config: TheftConfig, now: EpochMs): Suspicion {
  const found = [
    volumeSign(signs.volume, config),
    unknownSign(signs.answers, config),
    countrySign(signs.logIns, config, now),
  ].filter(({ weight }) => weight > 0);
  const sum = found.reduce((total, { weight }) => total + weight, 0);
  return {
    level: sum >= 2 ? 'theft' : sum === 1 ? 'signs' : 'none',
    reason: found.map(({ said }) => said).join('; '),
  };
}

/** A user that has not sent on enough days yet has no usual volume, and is not judged by it. */
function volumeSign({ hour, peaks }: Volume, config: TheftConfig): Sign {
  const said = `${hour} recipients within an hour`;
  if (config.recipientsPerHour !== undefined && hour > config.recipientsPerHour)
    return { weight: 2, said: `${said}, and ${config.recipientsPerHour} are allowed` };
  if (peaks.length < config.newFor || peaks.length === 0 || hour < config.jumpMinimum) return NO_SIGN;
  const usual = Math.max(...peaks);
  const times = hour / usual;
  if (times < config.jump / 2) return NO_SIGN;
  return { weight: times >= config.jump ? 2 : 1, said: `${said}, and the busiest hour before had ${usual}` };
}

function unknownSign({ delivered, bounced, unknown }: SenderTally, config: TheftConfig): Sign {
  const answers = delivered + bounced;
  if (config.unknown <= 0 || answers < config.unknownMinimum) return NO_SIGN;
  const percent = (100 * unknown) / answers;
  if (percent < config.unknown / 2) return NO_SIGN;
  return {
    weight: percent >= config.unknown ? 2 : 1,
    said: `${percent.toFixed(0)} % of ${answers} recipients within an hour did not exist`,
  };
}

/** Travellers come from two countries; the first log-ins ever are new of course. */
function countrySign(logIns: LogIns, config: TheftConfig, now: EpochMs): Sign {
  const entries = [...logIns];
  const lately = entries.filter(([, { last }]) => now - last < DAY);
  const isKnown = entries.some(([, { first }]) => now - first >= DAY);
  const isNew = lately.some(([, { first }]) => now - first < DAY);
  if (!isKnown || !isNew || lately.length < 2) return NO_SIGN;
  const names = lately.map(([country]) => country).sort();
  return {
    weight: lately.length >= config.countries ? 2 : 1,
    said: `log-ins from ${names.join(', ')} within a day`,
  };
}
