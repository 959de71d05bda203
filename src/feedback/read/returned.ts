// Where a returned message begins in the text of a notice, by the marks that programs set or by its header. Pure.
import { readFields, type Fields } from './fields.ts';

export type Returned = Readonly<{
  /** Line at which the notice ends. */
  from: number;
  fields: Fields;
}>;

/** Lines of a returned message that are read. */
const MAX_LINES = 400;
/** Lines between a mark and the header behind it. */
const MAX_GAP = 6;
/** Field names that begin or make up a header, and that notices do not use in their own text. */
const TRACE =
  /^>? ?(?:return-path|received|x-original-to|delivered-to|dkim-signature|message-id|mime-version|content-type|domainkey-signature|x-mailer|authentication-results|received-spf|x-received|arc-seal|x-spam-status|in-reply-to|references|reply-to|from|to|date|subject|sender|cc|precedence|list-unsubscribe|errors-to|x-google-smtp-source|feedback-id)[ \t]?:/i;
const FIRST =
  /^>? ?(?:return-path|received|delivered-to|x-original-to|dkim-signature|domainkey-signature|x-google-\S{1,40}|x-received)[ \t]?:/i;
/** What announces the copy: it stands on a line of its own, mostly with dashes. */
const MARKS: readonly RegExp[] = [
  /\b(?:copy of (?:the|your) (?:\w+ )?(?:message|mail)|returned (?:message|mail)|original (?:message|mail)|unsent message|forwarded message|message (?:header|text|body|content|source)s?|(?:your )?(?:message|mail) follows|message headers? follows?|copy of the first part|header and top|original header|bounced e-?mail)\b/i,
  /^[-=*#_ ]{3,40}(?:mensaje original|mensagem original|messaggio originale|message original|ursprüngliche nachricht|original ?nachricht|originalnachricht|исходное|копия|元のメ|original\b)/i,
  /^\W{0,8}(?:mensaje original|mensagem original|messaggio originale|message d'origine|original message|included is a copy)\b/i,
];
const RULED = /^[-=*#_>+ ]{3,80}|[-=*#_]{3,80}\.?$|[:.]$/;

/** The returned message in these lines; undefined when none is there. */
export function returnedHeaderIn(lines: readonly string[]): Returned | undefined {
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (isMark(line)) {
      const start = headerNear(lines, at + 1);
      if (start !== undefined || isRuled(line)) return taken(lines, at, start ?? at + 1);
    }
    if (isHeaderAt(lines, at)) return taken(lines, at, at);
  }
  return undefined;
}

function isMark(line: string): boolean {
  return line.length < 160 && MARKS.some((mark) => mark.test(line));
}

/** A mark that stands alone between dashes ends the notice even when no header follows. */
function isRuled(line: string): boolean {
  return line.length < 100 && /^\W*[-=*_#]{3}/.test(line) && RULED.test(line);
}

function headerNear(lines: readonly string[], from: number): number | undefined {
  for (let at = from; at < Math.min(lines.length, from + MAX_GAP); at++) {
    if (TRACE.test(lines[at] ?? '') && countFields(lines, at, 12) >= 2) return at;
  }
  return undefined;
}

/** A header without a mark: a trace field, and two more of its kind soon after. */
function isHeaderAt(lines: readonly string[], at: number): boolean {
  if (!FIRST.test(lines[at] ?? '')) return false;
  return countFields(lines, at, 30) >= 3;
}

function countFields(lines: readonly string[], from: number, within: number): number {
  let count = 0;
  for (let at = from; at < Math.min(lines.length, from + within); at++) {
    if (TRACE.test(lines[at] ?? '')) count++;
  }
  return count;
}

function taken(lines: readonly string[], from: number, start: number): Returned {
  const block = lines
    .slice(start, start + MAX_LINES)
    .map((line) => line.replace(/^> ?/, ''))
    .join('\n');
  return { from, fields: readFields(Buffer.from(block, 'utf8')).fields };
}
