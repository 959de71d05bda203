// Links and tags in plain text: where a bare URL ends. Pure.
import type { Hit } from '../merge/tags.ts';
import { draftLink, type Draft, type DraftLink } from './draft.ts';
import { MAX_LINKS, MAX_SLOTS, MAX_TARGET, type Problem, type SlotOptions } from './slot.ts';

type TextScan = Readonly<{ drafts: readonly Draft[]; problem?: Problem }>;

const NONE: readonly Hit[] = [];
const URL_START = /https?:\/\/(?=[^\s<>"])/gi;
/** What a URL in a text does not go on over; bytes over 127 are looked at as characters. */
// eslint-disable-next-line no-control-regex
const STOP = /[\x00-\x20<>"`\x7f-\xff]/g;
const CLOSERS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** Finds the URLs and, outside of them, the tags. */
export function scanText(source: string, options: SlotOptions): TextScan {
  const hits = options.tags?.(source, MAX_SLOTS + 1) ?? NONE;
  const { links, problem } = findLinks(source, options, hits);
  const drafts: Draft[] = [...links];
  let next = 0;
  for (const { start, end, tag } of hits) {
    while ((links[next]?.end ?? Infinity) <= start) next++;
    if ((links[next]?.start ?? Infinity) < end) continue; // a part of that link
    drafts.push({ kind: 'tag', start, end, tag, context: { in: 'text' } });
  }
  if (drafts.length > MAX_SLOTS) return { drafts: drafts.slice(0, MAX_SLOTS), problem: 'slots' };
  return { drafts, ...(problem && { problem }) };
}

type TextLinks = Readonly<{ links: readonly DraftLink[]; problem?: Problem }>;

function findLinks(source: string, options: SlotOptions, hits: readonly Hit[]): TextLinks {
  const links: DraftLink[] = [];
  let nextHit = 0;
  URL_START.lastIndex = 0;
  for (let match = URL_START.exec(source); match; match = URL_START.exec(source)) {
    const start = match.index;
    while ((hits[nextHit]?.end ?? Infinity) <= start) nextHit++;
    const end = endOfUrl(source, URL_START.lastIndex, hits, nextHit);
    URL_START.lastIndex = Math.max(end, URL_START.lastIndex);
    if ((hits[nextHit]?.start ?? Infinity) < start) continue; // it is written in a tag's fallback
    const inside = hits.slice(nextHit, firstAfter(hits, nextHit, end));
    const link = linkAt(source, { start, end }, inside, options);
    if (link && links.length >= MAX_LINKS) return { links, problem: 'links' };
    if (link) links.push(link);
  }
  return { links };
}

function firstAfter(hits: readonly Hit[], from: number, end: number): number {
  let next = from;
  while ((hits[next]?.end ?? Infinity) <= end) next++;
  return next;
}

function linkAt(
  source: string,
  { start, end }: Readonly<{ start: number; end: number }>,
  hits: readonly Hit[],
  options: SlotOptions,
): DraftLink | undefined {
  const read = options.charset.decode;
  if (end - start > MAX_TARGET || goesOn(source, end, read) || /\w/.test(source.charAt(start - 1)))
    return undefined;
  return draftLink(source, { start, end, hits, read }, options, 'track');
}

/** True when a letter of another script follows: the URL may go on there, and half a link must not be rewritten. */
function goesOn(source: string, end: number, decode: (bytes: string) => string): boolean {
  if (!/[\x80-\xff]/.test(source.charAt(end))) return false;
  return /^[\p{L}\p{M}\p{N}]/u.test(decode(source.slice(end, end + 8)));
}

/** Goes over whole tags, whatever is in them, and stops before punctuation that belongs to the sentence. */
function endOfUrl(source: string, from: number, hits: readonly Hit[], firstHit: number): number {
  let kept = from;
  let stop = stopAfter(source, from);
  for (let next = firstHit; ; next++) {
    const hit = hits[next];
    if (!hit || hit.start > stop) return trimmed(source, { start: from, kept, end: stop });
    if (hit.start < from) continue;
    kept = hit.end;
    if (kept > stop) stop = stopAfter(source, kept);
  }
}

function stopAfter(source: string, at: number): number {
  STOP.lastIndex = at;
  return STOP.exec(source)?.index ?? source.length;
}

/** Drops final punctuation and brackets that were not opened in the URL; what is before `kept` stays. */
function trimmed(
  source: string,
  { start, kept, end }: Readonly<{ start: number; kept: number; end: number }>,
): number {
  const open = new Map<string, number>();
  const url = source.slice(start, Math.min(end, start + MAX_TARGET + 1));
  for (const char of url) if ('()[]{}'.includes(char)) open.set(char, (open.get(char) ?? 0) + 1);
  let last = end;
  while (last > kept) {
    const char = source.charAt(last - 1);
    const opener = CLOSERS[char];
    const closed = open.get(char) ?? 0;
    if (opener !== undefined ? closed > (open.get(opener) ?? 0) : /[.,;:!?'*~|([{]/.test(char)) last--;
    else break;
    open.set(char, closed - 1);
  }
  return last;
}
