// Merge tags found in a text, in every way that vendors write them. Pure.
import type { TagSyntax } from '../../model/instructions.ts';
import type { Branch } from './branch.ts';
import type { Charset, Form } from './charset.ts';
import { searchFor, type Found, type LiteralSearch } from './literals.ts';
import { patternOf, readMatch, type Written } from './patterns.ts';
import { SYSTEM_LITERALS, systemName } from './system.ts';

export type Tag = Readonly<{
  syntax: TagSyntax;
  /** As the sender wrote it, trimmed; looked up without case. A literal is its own name. */
  name: string;
  /** What stands where there is no value, or an empty one. */
  fallback?: string;
  /** The tag as it stands in the text, which stays when nothing is known of it. */
  source: string;
  /** Our name of it (system.ts); undefined when it can only be one of the sender's. */
  system?: string;
  /** True: its vendor puts the value into HTML as it is. */
  raw: boolean;
  /** It is no value but a condition (branches.ts). */
  branch?: Branch;
}>;

export type Hit = Readonly<{ start: number; end: number; tag: Tag }>;

/** Tags in a text of string space, sorted, not overlapping, at most `max`. */
export type TagSearch = (source: string, max: number) => readonly Hit[];

export type TagOptions = Readonly<{
  syntaxes: readonly TagSyntax[];
  /** Texts that are tags by themselves, where 'literal' is one of the syntaxes. */
  literals: Iterable<string>;
  charset: Charset;
  form: Form;
  /** Undoes HTML's entities; only for `form: 'html'`. */
  unescape?(text: string): string;
}>;

/** Values of these are HTML for their vendors. */
const RAW: ReadonlySet<TagSyntax> = new Set(['literal', 'mailchimp', 'mailgun']);

/** Compiles a search for a submission; the time of a search is linear in the text, whatever the text. */
export function tagSearch(options: TagOptions): TagSearch {
  const pattern = patternOf(options.syntaxes, options.form);
  const literals = literalSearch(options);
  const read = (text: string): string => {
    const decoded = options.charset.decode(text);
    return options.form === 'html' && decoded.includes('&')
      ? (options.unescape?.(decoded) ?? decoded)
      : decoded;
  };
  if (!pattern) return literals ? (source, max) => literals(source, max) : () => [];
  return (source, max) => merged(source, max, { pattern, read, found: literals?.(source, max) ?? [] });
}

type Merging = Readonly<{ pattern: RegExp; read(text: string): string; found: readonly Hit[] }>;

/** Literals and written tags in one list: the leftmost first; a literal wins at the same place. */
function merged(source: string, max: number, { pattern, read, found }: Merging): readonly Hit[] {
  const hits: Hit[] = [];
  let next = 0;
  let from = 0;
  let written = nextWritten(source, 0, pattern, read);
  while (hits.length < max) {
    while ((found[next]?.start ?? from) < from) next++;
    if (written && written.start < from) written = nextWritten(source, from, pattern, read);
    const literal = found[next];
    const hit = literal && (!written || literal.start <= written.start) ? literal : written;
    if (!hit) break;
    hits.push(hit);
    from = hit.end;
  }
  return hits;
}

function nextWritten(
  source: string,
  from: number,
  pattern: RegExp,
  read: (text: string) => string,
): Hit | undefined {
  pattern.lastIndex = from;
  for (let match = pattern.exec(source); match; match = pattern.exec(source)) {
    const written = readMatch(match, read);
    if (written) return { start: match.index, end: pattern.lastIndex, tag: tagOf(written, match[0]) };
    pattern.lastIndex = match.index + 1;
  }
  return undefined;
}

function tagOf(written: Written, source: string): Tag {
  const { syntax, name, fallback, ours, raw, branch } = written;
  // `%recipient.email%` is the sender's "email"; `%recipient_email%` is ours.
  const system = syntax === 'mailgun' && !ours ? undefined : systemName(syntax, name);
  return {
    syntax,
    name,
    source,
    raw: raw ?? RAW.has(syntax),
    ...(fallback !== undefined && { fallback }),
    ...(system !== undefined && !branch && { system }),
    ...(branch && { branch }),
  };
}

function literalSearch(options: TagOptions): TagSearch | undefined {
  if (!options.syntaxes.includes('literal')) return undefined;
  const names = new Map<string, string>();
  for (const name of [...options.literals, ...Object.keys(SYSTEM_LITERALS)]) {
    if (name === '') continue;
    names.set(options.charset.encode(name, 'plain'), name);
    // An editor writes "<%x%>" as "&lt;%x%&gt;".
    if (options.form === 'html' && /[<>&]/.test(name))
      names.set(options.charset.encode(escaped(name), 'html'), name);
  }
  const search: LiteralSearch = searchFor(names.keys());
  const tags = new Map<string, Tag>();
  const hitOf = ({ start, end, text }: Found): Hit => {
    const tag =
      tags.get(text) ?? tagOf({ syntax: 'literal', name: names.get(text) ?? text, ours: true }, text);
    tags.set(text, tag);
    return { start, end, tag };
  };
  return (source, max) => search(source, max).map(hitOf);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
