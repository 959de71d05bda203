// What rspamd's answer to /checkv2 means for a message. Pure.
import { z } from 'zod';
import { oneLine } from '../mail/fold.ts';
import type { Scan } from '../model/scan.ts';

/** later: not now (soft reject, greylist). */
export type Verdict = Readonly<{ kind: 'final'; scan: Omit<Scan, 'at'> } | { kind: 'later'; reason: string }>;

const MAX_FIELDS = 20;
const MAX_VALUE = 900;
const MAX_SYMBOLS = 30;
const MAX_REASON = 300;

const headerValue = z.union([z.string(), z.object({ value: z.string() })]);

/** Keys that are not here are no concern of ours: rspamd's answers grow with its modules. */
const answerSchema = z.object({
  action: z.string().max(100),
  score: z.number().optional(),
  required_score: z.number().optional(),
  symbols: z.record(z.string(), z.object({ score: z.number().optional() })).optional(),
  subject: z.string().optional(),
  messages: z.object({ smtp_message: z.string().optional() }).optional(),
  milter: z
    .object({ add_headers: z.record(z.string(), z.union([headerValue, z.array(headerValue)])).optional() })
    .optional(),
});

type Answer = z.infer<typeof answerSchema>;

/** Fields that say what a message is, from whom and to whom: nobody adds a second one. */
const STRUCTURE =
  /^(from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|received|return-path|mime-version|content-.*|resent-.*|dkim-signature|arc-.*|list-.*)$/i;

/** Reads an answer; undefined for what is no answer of rspamd's. */
export function readVerdict(text: string): Verdict | undefined {
  const answer = parse(text);
  if (!answer) return undefined;
  const said = sayAnswer(answer);
  switch (answer.action) {
    case 'soft reject':
    case 'greylist':
      return { kind: 'later', reason: said };
    // Some set-ups make it an action of its own; what is to be thrown away is kept for somebody to look at.
    case 'reject':
    case 'quarantine':
    case 'discard':
      return { kind: 'final', scan: { verdict: 'refused', reason: said, ...figures(answer) } };
    default:
      return { kind: 'final', scan: marked(answer, said) };
  }
}

function parse(text: string): Answer | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** "no action", "add header", "rewrite subject", and actions that somebody made up, which change nothing by themselves. */
function marked(answer: Answer, said: string): Omit<Scan, 'at'> {
  const { action, subject } = answer;
  const isSpam = action === 'add header' || action === 'rewrite subject';
  const own = fieldsIn(answer);
  const hasFlag = own.some(([name]) => name.toLowerCase() === 'x-spam');
  const add: [string, string][] = isSpam && !hasFlag ? [['X-Spam', 'Yes'], ...own] : own;
  const rewritten = action === 'rewrite subject' && subject ? oneLine(subject, MAX_VALUE) : '';
  if (add.length === 0 && rewritten === '') return { verdict: 'clean', ...figures(answer) };
  return {
    verdict: 'marked',
    ...(isSpam ? { reason: said } : {}),
    ...figures(answer),
    ...(add.length > 0 ? { add } : {}),
    ...(rewritten === '' ? {} : { subject: rewritten }),
  };
}

function fieldsIn({ milter }: Answer): [string, string][] {
  const all = Object.entries(milter?.add_headers ?? {}).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): [string, string] => [
      name,
      oneLine(typeof value === 'string' ? value : value.value, MAX_VALUE),
    ]),
  );
  return all
    .filter(([name, value]) => /^[!-9;-~]{1,70}$/.test(name) && !STRUCTURE.test(name) && value !== '')
    .slice(0, MAX_FIELDS);
}

function figures({ score, symbols = {} }: Answer): Pick<Scan, 'score' | 'symbols'> {
  const names = Object.entries(symbols)
    .sort(([, a], [, b]) => Math.abs(b.score ?? 0) - Math.abs(a.score ?? 0))
    .slice(0, MAX_SYMBOLS)
    .map(([name, { score: own }]) => oneLine(own === undefined ? name : `${name} ${round(own)}`, 100));
  return {
    ...(score === undefined ? {} : { score: round(score) }),
    ...(names.length > 0 ? { symbols: names } : {}),
  };
}

function sayAnswer({ action, score, required_score: required, messages }: Answer): string {
  const points =
    score === undefined
      ? ''
      : `, ${round(score)}${required === undefined ? '' : ` of ${round(required)}`} points`;
  const message = messages?.smtp_message ? `: ${messages.smtp_message}` : '';
  return oneLine(`The scanner said "${action}"${points}${message}`, MAX_REASON);
}

const round = (score: number): number => Math.round(score * 100) / 100;
