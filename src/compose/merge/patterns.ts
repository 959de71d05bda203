// How each vendor writes a merge tag: one pattern for those that a message uses, each part of bounded length. Pure.
import type { TagSyntax } from '../../model/instructions.ts';
import { readBranch, type Branch } from './branch.ts';
import type { Form } from './charset.ts';

/** A tag that was read; `ours` says that it can only be one of our own. */
export type Written = Readonly<{
  syntax: TagSyntax;
  name: string;
  fallback?: string;
  ours: boolean;
  raw?: boolean;
  branch?: Branch;
}>;

const MAX_NAME = 64;
const HIGH = String.raw`\u0080-\uffff`;
const NAME = String.raw`[\w.\-${HIGH}]{1,${MAX_NAME}}`;
const VARIABLE = String.raw`[\w$@${HIGH}][\w.$@\-${HIGH}]{0,${MAX_NAME - 1}}`;

/** Mailjet first: its "[[" and "{{" are others' too. */
const ORDER: readonly TagSyntax[] = ['mailjet', 'brackets', 'mailgun', 'mailchimp', 'handlebars'];

/** Handlebars' own words, which are no variables. */
const WORDS = new Set(['else', 'this', '@index', '@key', '@first', '@last', '@root']);

function sourceOf(syntax: TagSyntax, form: Form): string {
  // In HTML a name may hold entities, and a line may end in it.
  const bracketName =
    form === 'html' ? String.raw`[\w\s.&;#\-${HIGH}]{1,200}` : String.raw`[\w .\-${HIGH}]{1,${MAX_NAME}}`;
  const fallback = String.raw`[^{}\[\]<>\r\n]{0,255}`;
  switch (syntax) {
    case 'mailjet':
      return String.raw`\{\{\s{0,9}(?:var|data):(?<jetName>${NAME})(?::(?<jetFallback>${fallback}))?\}\}|\[\[\s{0,9}(?:var|data):(?<jetName2>${NAME})(?::(?<jetFallback2>${fallback}))?\]\]|\[\[(?<jetOurs>email_to|unsub_link)(?:_[a-z]{2,9})?\]\]`;
    case 'brackets':
      return String.raw`\[(?<bracket>${bracketName})(?:\|(?<bracketFallback>[^\[\]<>\r\n]{0,255}))?\]`;
    case 'mailgun':
      return String.raw`%recipient\.(?<gun>[^%\s<>"']{1,${MAX_NAME}})%|%(?<gunOurs>recipient(?:_email|_name|_fname|_lname)?|(?:tag_|mailing_list_)?unsubscribe_url)%`;
    case 'mailchimp':
      // Editors write the bar in a link as "%7C"; Mandrill takes that.
      return String.raw`\*(?:\||%7c)(?:(?<chimpBranch>(?:if|ifnot|elseif):[^|*\r\n]{1,200}|else:?|end:if)|(?<chimp>unsub(?=:)|mc:subject|date:[^|*<>"'\r\n]{1,40}|${NAME})(?::[^|*<>"'\s]{0,500})?)(?:\||%7c)\*`;
    case 'handlebars':
      return String.raw`\{\{\{\s{0,9}(?:(?<barsOurs3>pm:unsubscribe(?:_url)?)|(?<bars3>${VARIABLE}))\s{0,9}\}\}\}|\{\{(?!\{)\s{0,9}(?:(?<barsOurs>unsub)\s[^{}<>]{0,500}|(?<bars2>&?${VARIABLE})\s{0,9})\}\}`;
    case 'literal':
      return '';
  }
}

/** One pattern for all the syntaxes; undefined when none of them has one. It keeps its place in `lastIndex`. */
export function patternOf(syntaxes: readonly TagSyntax[], form: Form): RegExp | undefined {
  const used = ORDER.filter((syntax) => syntaxes.includes(syntax));
  if (used.length === 0) return undefined;
  return new RegExp(used.map((syntax) => sourceOf(syntax, form)).join('|'), 'gi');
}

/** Reads a match; undefined when it only looks like a tag. `read` makes text of what stands in it. */
export function readMatch(match: RegExpExecArray, read: (text: string) => string): Written | undefined {
  const groups = match.groups ?? {};
  const simple = (syntax: TagSyntax, name: string | undefined, ours = false): Written | undefined =>
    name === undefined ? undefined : { syntax, name: read(name), ours };
  return (
    readBracket(groups, read) ??
    readMailjet(groups, read) ??
    simple('mailgun', groups['gun']) ??
    simple('mailgun', groups['gunOurs'], true) ??
    readCondition(groups['chimpBranch'], read) ??
    readMailchimp(match[0], groups['chimp'], read) ??
    simple('handlebars', groups['barsOurs3'] ?? groups['barsOurs'], true) ??
    readHandlebars(groups, read)
  );
}

type Groups = Readonly<Record<string, string | undefined>>;

function readBracket(groups: Groups, read: (text: string) => string): Written | undefined {
  if (groups['bracket'] === undefined) return undefined;
  const name = read(groups['bracket']).replace(/\s+/g, ' ').trim();
  if (name.length > MAX_NAME || !/^[\p{L}\p{M}\p{N} _.-]+$/u.test(name)) return undefined;
  const fallback = groups['bracketFallback'];
  return {
    syntax: 'brackets',
    name,
    ours: false,
    ...(fallback !== undefined && { fallback: read(fallback) }),
  };
}

function readMailjet(groups: Groups, read: (text: string) => string): Written | undefined {
  if (groups['jetOurs'] !== undefined) return { syntax: 'mailjet', name: groups['jetOurs'], ours: true };
  const name = groups['jetName'] ?? groups['jetName2'];
  if (name === undefined) return undefined;
  const raw = groups['jetFallback'] ?? groups['jetFallback2'];
  const fallback = raw === undefined ? undefined : read(raw).trim();
  const bare = /^"(.*)"$/s.exec(fallback ?? '')?.[1] ?? fallback;
  return { syntax: 'mailjet', name: read(name), ours: false, ...(bare !== undefined && { fallback: bare }) };
}

function readCondition(written: string | undefined, read: (text: string) => string): Written | undefined {
  const name = written === undefined ? undefined : read(written);
  const branch = name === undefined ? undefined : readBranch(name);
  return name === undefined || !branch ? undefined : { syntax: 'mailchimp', name, ours: true, branch };
}

/** UNSUB, DATE and MC:SUBJECT have a colon. */
function readMailchimp(
  whole: string,
  name: string | undefined,
  read: (text: string) => string,
): Written | undefined {
  if (name === undefined) return undefined;
  const ours = /^(?:unsub$|mc:subject$|date:)/i.test(name);
  return whole.includes(':') && !ours ? undefined : { syntax: 'mailchimp', name: read(name), ours };
}

function readHandlebars(groups: Groups, read: (text: string) => string): Written | undefined {
  const written = groups['bars3'] ?? groups['bars2'];
  if (written === undefined || WORDS.has(written)) return undefined;
  const raw = groups['bars3'] !== undefined || written.startsWith('&');
  return { syntax: 'handlebars', name: read(written.replace(/^&/, '')), ours: false, raw };
}
