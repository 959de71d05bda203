// Mailboxes of a From field (RFC 5322 §3.4), read strictly enough to authorise by, and written. Pure.
import { encodedWords } from './encode.ts';
import { isAsciiText } from './fold.ts';
import { toAsciiDomain } from './domain.ts';

export type Mailbox = Readonly<{
  /** Display name as it stands (encoded words not decoded); "" when there is none. */
  name: string;
  /** Local part and domain; the domain in lower-case A-labels. */
  address: string;
}>;

/** One lexical piece of an address list; `space` says that white space or a comment came before. */
type Token = Readonly<{ kind: 'text' | 'quoted' | 'special'; text: string; space: boolean }>;

const SPECIALS = '<>,;:@.';

/**
 * Reads every mailbox of an address list, groups included. Undefined when it cannot be read without doubt: then nobody
 * may be authorised by it. An element without "@" hides no address and counts as part of a display name
 * ("Smith, Inc. <a@b.example>" is common).
 */
export function readMailboxes(value: string): readonly Mailbox[] | undefined {
  const tokens = tokenise(value);
  if (!tokens) return undefined;
  const mailboxes: Mailbox[] = [];
  for (const element of elementsOf(tokens)) {
    const mailbox = readElement(element);
    if (mailbox === 'unreadable') return undefined;
    if (mailbox !== 'none') mailboxes.push(mailbox);
  }
  return mailboxes;
}

/** A mailbox as a header value: name quoted or encoded as it needs. */
export function writeMailbox(name: string, address: string): string {
  if (name === '') return address;
  if (!isAsciiText(name)) return `${encodedWords(name)} <${address}>`;
  if (/^[\w!#$%&'*+/=?^`{|}~ -]+$/.test(name)) return `${name} <${address}>`;
  return `"${name.replace(/[\\"]/g, '\\$&')}" <${address}>`;
}

/** Splits into tokens; comments are dropped. Undefined when a quote, comment or bracket does not end. */
function tokenise(value: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let space = false;
  let at = 0;
  while (at < value.length) {
    const char = value.charAt(at);
    if (/\s/.test(char)) {
      space = true;
      at++;
      continue;
    }
    const end = endOfToken(value, at, char);
    if (end < 0) return undefined;
    const text = value.slice(at, end);
    if (char === '(') space = true;
    else {
      tokens.push({ kind: kindOf(char), text, space });
      space = false;
    }
    at = end;
  }
  return tokens;
}

function kindOf(char: string): Token['kind'] {
  if (char === '"') return 'quoted';
  return SPECIALS.includes(char) ? 'special' : 'text';
}

function endOfToken(value: string, at: number, char: string): number {
  if (char === '"') return endOfQuoted(value, at + 1);
  if (char === '(') return endOfComment(value, at);
  if (char === '[') return value.indexOf(']', at) + 1 || -1;
  if (SPECIALS.includes(char)) return at + 1;
  if (char === ')' || char === '\\' || char === ']') return -1;
  let end = at + 1;
  while (end < value.length && !/[\s"()<>[\],;:@.\\]/.test(value.charAt(end))) end++;
  return end;
}

function endOfQuoted(value: string, from: number): number {
  for (let i = from; i < value.length; i++) {
    if (value[i] === '\\') i++;
    else if (value[i] === '"') return i + 1;
  }
  return -1;
}

function endOfComment(value: string, from: number): number {
  let depth = 0;
  for (let i = from; i < value.length; i++) {
    if (value[i] === '\\') i++;
    else if (value[i] === '(') depth++;
    else if (value[i] === ')' && --depth === 0) return i + 1;
  }
  return -1;
}

/** Cuts at commas and group marks: "name:" opens a group and is dropped, ";" closes it. */
function elementsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const elements: Token[][] = [];
  let current: Token[] = [];
  let angle = false;
  for (const token of tokens) {
    const mark = token.kind === 'special' ? token.text : '';
    if (mark === '<') angle = true;
    if (mark === '>') angle = false;
    if (!angle && (mark === ',' || mark === ';')) {
      elements.push(current);
      current = [];
    } else if (!angle && mark === ':' && !current.some((one) => one.text === '@' || one.text === '>')) {
      current = [];
    } else current.push(token);
  }
  elements.push(current);
  return elements;
}

function readElement(tokens: readonly Token[]): Mailbox | 'none' | 'unreadable' {
  const isMark = (token: Token | undefined, text: string): boolean =>
    token?.kind === 'special' && token.text === text;
  const open = tokens.findIndex((token) => isMark(token, '<'));
  if (open < 0) {
    if (!tokens.some((token) => isMark(token, '@') || isMark(token, '>') || isMark(token, ':')))
      return 'none';
    return readAddrSpec(tokens, '');
  }
  const phrase = tokens.slice(0, open);
  // An unquoted address in front of the angle bracket: some readers show or use that one.
  if (phrase.some((token) => token.kind === 'special' && token.text !== '.')) return 'unreadable';
  if (!isMark(tokens.at(-1), '>')) return 'unreadable';
  const name = phrase
    .map((token) => (token.space ? ' ' : '') + unquote(token))
    .join('')
    .trim();
  return readAddrSpec(withoutRoute(tokens.slice(open + 1, -1)), name);
}

/** RFC 5322 §4.4: an obsolete route in front ("@a,@b:") is no part of the address. */
function withoutRoute(tokens: readonly Token[]): readonly Token[] {
  if (tokens[0]?.text !== '@') return tokens;
  const colon = tokens.findIndex((token) => token.kind === 'special' && token.text === ':');
  return colon < 0 ? tokens : tokens.slice(colon + 1);
}

function readAddrSpec(tokens: readonly Token[], name: string): Mailbox | 'unreadable' {
  if (tokens.slice(1).some((token) => token.space)) return 'unreadable';
  const at = tokens.findIndex((token) => token.kind === 'special' && token.text === '@');
  const local = tokens.slice(0, at);
  const domain = tokens.slice(at + 1);
  const isLocal = (token: Token): boolean => token.kind !== 'special' || token.text === '.';
  if (at < 1 || !local.every(isLocal) || !domain.every((token) => isLocal(token) && token.kind !== 'quoted'))
    return 'unreadable';
  const written = domain.map((token) => token.text).join('');
  const ascii = toAsciiDomain(written);
  if (ascii === undefined && !/^\[[\w.:-]+\]$/.test(written)) return 'unreadable';
  return { name, address: `${local.map((token) => token.text).join('')}@${ascii ?? written}` };
}

function unquote(token: Token): string {
  return token.kind === 'quoted' ? token.text.slice(1, -1).replace(/\\(.)/g, '$1') : token.text;
}
