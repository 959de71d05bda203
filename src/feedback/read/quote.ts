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
  `(?:^[ \\t]{0,8}|[:;>("'\\]=]\\s{0,3}|\\b(?:said|error|code|reply|response|status|answered|returned|was|by|smtp|message|responded|server)\\b[ :#=("']{1,4}|<<< ?)${CODE}(?=[ :;,)"'-]|$)`,
  'im',
);

const STEPS: readonly (readonly [RegExp, Phase])[] = [
  [/\bend[- ]of[- ](?:data|message)|^\.|final data|\bdata\b/i, 'dot'],
  [/\brcpt\b|recipient/i, 'rcpt'],
  [/mail[ _]?from|\bmail\b/i, 'mail'],
];
/** The step in words, wherever it stands: "in reply to RCPT TO", "after end of data", "[RCPT_TO]". */
const WORDS =
  /(?:in reply to|after|smtp:|did not like our|error from remote (?:mail )?server after|command(?: was)?:?|[[(]|while sending|step:?|response to)\s{0,4}"?(?:sending )?((?:the )?(?:end[- ]of[- ]data|end of message|(?:final )?data\b|rcpt[ _]?to|rcpt\b|mail[ _]?from))/i;

/** Finds code, status and step in a text. */
export function quoteIn(text: string): Quote {
  const cut = text.slice(0, MAX_TEXT);
  const both = BOTH.exec(cut);
  const alone = both ?? CODE_ALONE.exec(cut);
  const status = both?.[2] ?? ALONE.exec(cut)?.[1];
  return {
    code: alone?.[1] === undefined ? undefined : Number(alone[1]),
    status,
    text: textOf(alone ? replyFrom(cut, alone) : cut),
    phase: phaseIn(cut, alone?.index ?? 0),
  };
}

/** In a transcript, the last command before the reply, or else the first one after it. */
function phaseIn(text: string, at: number): Phase | undefined {
  const commands = [...text.matchAll(/(?:^|\n)[\s>]{0,12}>>> ?(.{1,40})/g)];
  const command = commands.findLast((match) => match.index < at) ?? commands[0];
  const step =
    command?.[1] ?? WORDS.exec(text)?.[1] ?? /(?:^|\s)SMTP command\s{1,4}(\w{4})/i.exec(text)?.[1] ?? '';
  const found = STEPS.find(([pattern]) => pattern.test(step))?.[1];
  if (found !== undefined) return found;
  if (/my name was rejected|\b(?:helo|ehlo) command/i.test(text)) return 'mail';
  return /\bRCPT[ _]TO\b(?!:[ \t])|does not like recipient/.test(text) ? 'rcpt' : undefined;
}

/** Replies that say less than what stands before them. */
const GENERAL = /service (?:is )?unavailable|remote protocol error/i;

/** From the code on, where enough is said there: what stands before is the reporting system's. */
function replyFrom(text: string, code: RegExpExecArray): string {
  const at = text.indexOf(code[1] ?? '', code.index);
  const rest = text.slice(at);
  const words = rest.replace(/^[\d\s.:#()-]+/, '').trim();
  return words.length > 3 && !GENERAL.test(words.slice(0, 400)) ? rest : text;
}

/** In one line, without the code and status that it begins with. */
function textOf(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/\(in reply to [^()]{1,60}\)/gi, '')
    .trim();
  const bare = line.replace(/^[45]\d\d[ :-]{1,3}(?:[#(]?[45]\.\d{1,3}\.\d{1,3}\)?[ :-]{0,3})?/, '');
  // Codes of further lines: "550-5.7.1 likely unsolicited 550-5.7.1 mail".
  const joined = (bare === '' ? line : bare).replace(/ [45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}) /g, ' ');
  return cleanText(Buffer.from(joined, 'utf8').toString('latin1'));
}
