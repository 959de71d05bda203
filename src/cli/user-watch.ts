// The options of "user add" and "user set" about the monitor's thresholds for one user. Pure.
import type { Watch } from '../model/watch.ts';
import { textOf, type Option, type Values } from './command.ts';

export const watchOptions: readonly Option[] = [
  {
    flags: '--bounce-rates <warn,slow,stop>',
    summary: 'percent of bounces at which it is warned, slowed, stopped; "" for those of all',
  },
  { flags: '--complaint-rates <warn,slow,stop>', summary: 'the same for complaints, such as 0.1,0.3,0.5' },
  { flags: '--sender-action <stop|slow|warn|off>', summary: 'how far the monitor may go; "" as for all' },
  { flags: '--theft-action <hold|tell|off>', summary: 'what signs of a stolen password do; "" as for all' },
  {
    flags: '--recipients-per-hour <n>',
    summary: 'more of them look like a stolen password; 0: no limit of its own',
  },
  { flags: '--volume-jump <n>', summary: 'times its usual volume that look like one; 0: as for all' },
];

type Edited = Readonly<{ watch?: Watch | undefined }> | Readonly<{ problem: string }>;
type Draft = { -readonly [K in keyof Watch]?: Watch[K] };

/** What the options make of `old`; undefined when nothing of its own is left. */
export function applyWatch(old: Watch | undefined, options: Values): Edited {
  const draft: Draft = { ...old };
  const problem =
    of('--bounce-rates', setStages(draft, 'bounces', textOf(options, 'bounceRates'))) ??
    of('--complaint-rates', setStages(draft, 'complaints', textOf(options, 'complaintRates'))) ??
    of('--sender-action', setWord(draft, 'act', textOf(options, 'senderAction'))) ??
    of('--theft-action', setWord(draft, 'theft', textOf(options, 'theftAction'))) ??
    of(
      '--recipients-per-hour',
      setNumber(draft, 'recipientsPerHour', textOf(options, 'recipientsPerHour')),
    ) ??
    of('--volume-jump', setNumber(draft, 'jump', textOf(options, 'volumeJump')));
  if (problem !== undefined) return { problem };
  return Object.keys(draft).length === 0 ? { watch: undefined } : { watch: draft };
}

/** A problem with the option that it is of. */
function of(option: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${option}: ${problem}`;
}

function setStages(
  draft: Draft,
  name: 'bounces' | 'complaints',
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined;
  if (text === '') return void delete draft[name];
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [warn = Number.NaN, slow = Number.NaN, stop = Number.NaN, ...more] = numbers;
  const isGood = more.length === 0 && 0 <= warn && warn <= slow && slow <= stop && stop <= 100;
  if (!isGood) return `${text} must be three growing percentages, such as 2,3.5,5.`;
  draft[name] = { warn, slow, stop };
  return undefined;
}

const ACTS = ['stop', 'slow', 'warn', 'off'] as const;
const THEFTS = ['hold', 'tell', 'off'] as const;

function setWord(draft: Draft, name: 'act' | 'theft', text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (text === '') return void delete draft[name];
  const [act, theft] = [ACTS.find((one) => one === text), THEFTS.find((one) => one === text)];
  if (name === 'act' && act !== undefined) draft.act = act;
  else if (name === 'theft' && theft !== undefined) draft.theft = theft;
  else return `${text} is none of ${(name === 'act' ? ACTS : THEFTS).join(', ')}.`;
  return undefined;
}

function setNumber(
  draft: Draft,
  name: 'recipientsPerHour' | 'jump',
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) return `${text} is not a whole number.`;
  if (Number(text) === 0) delete draft[name];
  else draft[name] = Number(text);
  return undefined;
}
