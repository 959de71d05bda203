// One pass over HTML that notes where tags and links stand, also in Outlook's conditional comments. Pure.
import { finish, type Steps } from '../../lib/steps.ts';
import type { Context, Problem, SlotOptions } from './slot.ts';
import { MAX_LINKS, MAX_SLOTS } from './slot.ts';
import type { Hit } from '../merge/tags.ts';
import { draftLink, draftUrl, type Draft, type DraftLink } from './draft.ts';
import { isLinkElement, isOptOut, looksLikeUrl, URL_ATTRIBUTES } from './link.ts';
import { htmlReader, piecesOf } from './pieces.ts';
import { markClose, markDeclaration, markOpen, markSafe, type Landmarks } from './places.ts';
import { readTokens, type Attribute, type TokenReader } from './tokens.ts';

export type Scan = {
  readonly source: string;
  readonly options: SlotOptions;
  readonly read: (source: string) => string;
  readonly hits: readonly Hit[];
  nextHit: number;
  readonly drafts: Draft[];
  /** Links that may have to be tracked. */
  links: number;
  /** Conditional comments that were read. */
  comments: number;
  readonly landmarks: Landmarks;
  problem?: Problem;
};

/** Where the reader is, in the document or in one conditional comment of it. */
type Frame = {
  readonly inComment: boolean;
  element: string;
  /** A text-only element that is open ("style"), else "". */
  raw: string;
  /** Open `template` elements, in which nothing is shown and nothing is ours. */
  templates: number;
  isJson: boolean;
  href: Attribute | undefined;
  hrefHits: readonly Hit[];
  optOut: boolean;
  open: OpenLink | undefined;
};

type OpenLink = Readonly<{ draft: DraftLink; element: string; label: Label[] }>;
type Label = Readonly<{ start: number; end: number; hits: readonly Hit[] }>;

const NONE: readonly Hit[] = [];
/** Others may go after a search that found so many tags. */
const MANY_HITS = 2000;
const MAX_LABEL_TEXTS = 40;
/** Conditional comments beyond these many are left alone. */
const MAX_COMMENTS = 2000;
/** A longer one, too: it is read in one go. */
const MAX_COMMENT_CHARS = 256 * 1024;
/** Elements whose content is text only (HTML's raw text and escapable raw text). */
const TEXT_ONLY = new Set([
  'script',
  'style',
  'textarea',
  'title',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'plaintext',
]);
const JSON_TYPE = /^\s*application\/(?:ld\+)?json\s*$/i;
const CONDITION = /\[if[^\]]{1,200}\]>/iy;

/** Reads the whole source. */
export function* scanHtml(source: string, options: SlotOptions, landmarks: Landmarks): Steps<Scan> {
  const hits = options.tags?.(source, MAX_SLOTS + 1) ?? NONE;
  if (hits.length > MANY_HITS) yield;
  const scan: Scan = {
    source,
    options,
    read: htmlReader(options.charset),
    hits,
    nextHit: 0,
    drafts: [],
    links: 0,
    comments: 0,
    landmarks,
    ...(hits.length > MAX_SLOTS && { problem: 'slots' }),
  };
  yield* readFrame(scan, { from: 0, to: source.length, inComment: false });
  return scan;
}

function* readFrame(
  scan: Scan,
  range: Readonly<{ from: number; to: number; inComment: boolean }>,
): Steps<undefined> {
  const frame: Frame = {
    inComment: range.inComment,
    element: '',
    raw: '',
    templates: 0,
    isJson: false,
    href: undefined,
    hrefHits: NONE,
    optOut: false,
    open: undefined,
  };
  // A tag that is cut in two would not be found.
  const mayCut = (at: number): boolean => {
    const next = scan.hits.slice(scan.nextHit).find(({ end }) => end > at);
    return next === undefined || next.start >= at;
  };
  yield* readTokens(scan.source, { from: range.from, to: range.to, mayCut }, readerOf(scan, frame));
  closeLink(scan, frame);
  return undefined;
}

function readerOf(scan: Scan, frame: Frame): TokenReader {
  return {
    openName: (start, end) => {
      frame.element = scan.source.slice(start, end).toLowerCase();
      frame.href = undefined;
      frame.optOut = frame.isJson = false;
    },
    attribute: (attribute) => {
      if (frame.templates === 0) onAttribute(scan, frame, attribute);
    },
    openEnd: (end) => onOpenEnd(scan, frame, end),
    closeName: (start, end) => onClose(scan, frame, start, end),
    text: (start, end) => onText(scan, frame, start, end),
    comment: (start, end) => {
      if (!frame.inComment) onComment(scan, frame, start, end);
    },
    declaration: (end) => {
      if (!frame.inComment) markDeclaration(scan.landmarks, end);
    },
  };
}

/** Tags that stand whole between two places; places are asked for in their order. */
function takeHits(scan: Scan, start: number, end: number): readonly Hit[] {
  while ((scan.hits[scan.nextHit]?.start ?? start) < start) scan.nextHit++;
  const first = scan.nextHit;
  while ((scan.hits[scan.nextHit]?.end ?? Infinity) <= end) scan.nextHit++;
  return first === scan.nextHit ? NONE : scan.hits.slice(first, scan.nextHit);
}

function addDraft(scan: Scan, draft: Draft): void {
  if (scan.drafts.length < MAX_SLOTS) scan.drafts.push(draft);
  else scan.problem ??= 'slots';
}

function addTags(scan: Scan, hits: readonly Hit[], context: Context): void {
  for (const { start, end, tag } of hits) addDraft(scan, { kind: 'tag', start, end, tag, context });
}

function onAttribute(scan: Scan, frame: Frame, attribute: Attribute): void {
  const { nameStart, nameEnd, start, end } = attribute;
  const hits = takeHits(scan, start, end);
  const isLink = isLinkElement(frame.element);
  if (!isLink && hits.length === 0 && frame.element !== 'script') return;
  const name = scan.source.slice(nameStart, nameEnd).toLowerCase();
  if (isLink && name === 'href') {
    if (frame.href) return; // HTML: of two attributes of one name the first counts
    frame.href = attribute;
    frame.hrefHits = hits;
    return;
  }
  const value = scan.source.slice(start, end);
  if (isLink && isOptOut(name, value)) frame.optOut = true;
  if (name === 'type' && JSON_TYPE.test(value)) frame.isJson = true;
  if (hits.length > 0) addAttributeTags(scan, attribute, name, hits);
}

function addAttributeTags(scan: Scan, attribute: Attribute, name: string, hits: readonly Hit[]): void {
  if (URL_ATTRIBUTES.has(name)) addUrl(scan, attribute, hits);
  else if (name === 'style') addTags(scan, hits, { in: 'style', quote: attribute.quote });
  // Scripts of events and whole documents in an attribute: no escaping of ours fits them.
  else if (!name.startsWith('on') && name !== 'srcdoc')
    addTags(scan, hits, { in: 'attribute', quote: attribute.quote });
}

/** A URL that is no link, such as a picture's: only its tags are filled. */
function addUrl(scan: Scan, { start, end, quote }: Attribute, found: readonly Hit[]): void {
  const hits = withoutParameters(scan.source, found);
  const draft = hits.length > 0 && draftUrl(scan.source, { start, end, quote, hits, read: scan.read });
  if (draft) addDraft(scan, draft);
}

function onOpenEnd(scan: Scan, frame: Frame, end: number): void {
  const { element, href } = frame;
  if (element === 'a') closeLink(scan, frame); // HTML: a link in a link ends the outer one
  if (href && frame.templates === 0) addLink(scan, frame, href);
  frame.href = undefined;
  if (element === 'template') frame.templates++;
  if (TEXT_ONLY.has(element)) frame.raw = element;
  if (!frame.inComment) markOpen(scan.landmarks, element, end, frame.raw !== '');
}

function addLink(scan: Scan, frame: Frame, { start, end, quote }: Attribute): void {
  const hits = withoutParameters(scan.source, frame.hrefHits);
  const place = { start, end, quote, hits, read: scan.read };
  const tooMany = scan.links >= MAX_LINKS;
  const draft = draftLink(scan.source, place, scan.options, frame.optOut || tooMany ? 'leave' : 'track');
  const hasText = frame.element !== 'area';
  if (hasText) closeLink(scan, frame);
  if (tooMany && !frame.optOut && (scan.options.clicks || scan.options.utm)) scan.problem ??= 'links';
  if (!draft) return;
  addDraft(scan, draft);
  if (draft.tracked || draft.utm) scan.links++;
  if (draft.tracked && hasText) frame.open = { draft, element: frame.element, label: [] };
}

/** `?filter[name]=x` is PHP's way to name a parameter, not a tag. */
function withoutParameters(source: string, hits: readonly Hit[]): readonly Hit[] {
  if (hits.length === 0) return hits;
  return hits.filter(
    ({ start, end, tag }) =>
      tag.syntax !== 'brackets' ||
      !/^[\w\]]/.test(source.charAt(start - 1)) ||
      !/^[=[]/.test(source.charAt(end)),
  );
}

function onClose(scan: Scan, frame: Frame, start: number, end: number): void {
  const element = scan.source.slice(start, end).toLowerCase();
  frame.raw = '';
  if (element === 'template' && frame.templates > 0) frame.templates--;
  if (frame.open?.element === element) closeLink(scan, frame);
  if (!frame.inComment) markClose(scan.landmarks, element, start - 2, scan.source.indexOf('>', end) + 1);
}

/** Looks at the visible text of the link that ends here. */
function closeLink(scan: Scan, frame: Frame): void {
  const open = frame.open;
  if (!open) return;
  frame.open = undefined;
  const label = open.label.flatMap(({ start, end, hits }) =>
    piecesOf(scan.source, { start, end }, hits, scan.read),
  );
  if (label.some((piece) => piece.tag)) open.draft.label = label;
  else if (looksLikeUrl(label.map((piece) => piece.text).join(''))) open.draft.tracked = false;
}

function onText(scan: Scan, frame: Frame, start: number, end: number): void {
  if (!frame.inComment && frame.raw === '') markSafe(scan.landmarks, end);
  if (frame.templates > 0) return;
  const hits = takeHits(scan, start, end);
  if (frame.open && frame.raw === '' && frame.open.label.length < MAX_LABEL_TEXTS)
    frame.open.label.push({ start, end: Math.min(end, Math.max(start + 2048, hits.at(-1)?.end ?? 0)), hits });
  if (hits.length > 0) addTextTags(scan, frame, hits);
}

function addTextTags(scan: Scan, frame: Frame, hits: readonly Hit[]): void {
  switch (frame.raw) {
    case '':
      return addTags(scan, hits, { in: 'html' });
    case 'title':
    case 'textarea':
      return addTags(scan, hits, { in: 'attribute', quote: '"' });
    case 'style':
      // Brackets are CSS there: a[name].
      return addTags(
        scan,
        hits.filter((hit) => !hit.tag.source.startsWith('[')),
        { in: 'styleElement' },
      );
    case 'script':
      return frame.isJson ? addTags(scan, hits, { in: 'json' }) : undefined;
    default:
      return undefined;
  }
}

/** What Outlook shows is a document of its own; other comments are left alone. */
function onComment(scan: Scan, frame: Frame, start: number, end: number): void {
  markSafe(scan.landmarks, scan.source.indexOf('>', end) + 1);
  CONDITION.lastIndex = start;
  if (frame.templates > 0 || !CONDITION.test(scan.source) || CONDITION.lastIndex >= end) return;
  if (++scan.comments > MAX_COMMENTS || end - start > MAX_COMMENT_CHARS) scan.problem ??= 'slots';
  else finish(readFrame(scan, { from: CONDITION.lastIndex, to: end, inComment: true }));
}
