// The remote reply that a report quotes, found in text that a program or a host wrote. Pure.
import { cleanText } from '../../mail/reply.ts';
import type { Phase } from '../../model/outcome.ts';

export type Quote = Readonly<{
  /** 4xx or 5xx; undefined when the text has none. */
  code: number | undefined;
  /** RFC 3463; undefined when the text has none. */
  status: string | undefined;
  /** The text, cleaned, at most 1 KiB. */
  text: string;
  phase: Phase | undefined;
}>;

const MAX_TEXT = 4096;
const CODE = '(4[2-5]\\d|47\\d|5[0-9]\\d)';
const STATUS = '([45]\\.\\d{1,3}\\.\\d{1,3})';
/** Together they are the surest: "550 5.1.1", "550-5.1.1", "550: 5.1.1", "550 #5.1.1", "550 (5.1.1". */
const BOTH = new RegExp(`(?<![\\d.])${CODE}[ :-]{1,3}[#(\\[<]?${STATUS}(?![\\d.])`);
const ALONE = new RegExp(`(?<![\\d.])${STATUS}(?![\\d.]\\d|\\d)`);
/** A number alone is a code where a reply may begin. */
const CODE_ALONE = new RegExp(
  `(?:^|[:;>("'\\]=]\\s{0,3}|\\b(?:said|error|code|reply|response|status|answered|returned|was|by|smtp|message|responded|server)\\b[ :#=("']{1,4}|<<< ?)${CODE}(?=[ :;,)"'-]|$)`,
  'im',
);

const PHASES: readonly (readonly [RegExp, Phase])[] = [
  [/end[- ]of[- ](?:data|message)|>>> \.|final data|\bdata command|after data|sending data|>>> data|\bcommand:? data\b/i, 'dot'],
  [/rcpt[ _]?to|\brcpt\b/i, 'rcpt'],
  [/mail[ _]?from/i, 'mail'],
];

/** Finds code, status and step in a text. */
export function quoteIn(text: string): Quote {
  const cut = text.slice(0, MAX_TEXT);
  const both = BOTH.exec(cut);
  const code = both?.[1] ?? CODE_ALONE.exec(cut)?.[1];
  const status = both?.[2] ?? ALONE.exec(cut)?.[1];
  return {
    code: code === undefined ? undefined : Number(code),
    status,
    text: cleanText(Buffer.from(cut, 'utf8').toString('latin1')),
    phase: PHASES.find(([pattern]) => pattern.test(cut))?.[1],
  };
}
