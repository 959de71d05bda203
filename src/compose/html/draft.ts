// A link that was met in a body, before it is known whether it is tracked and as which number. Pure.
import type { Quote } from '../merge/escape.ts';
import type { Hit } from '../merge/tags.ts';
import { cleanTarget, isOurs, isTrackable } from './link.ts';
import { piecesOf } from './pieces.ts';
import { MAX_TAGS_IN_URL, type LinkSlot, type Piece, type SlotOptions, type TagSlot } from './slot.ts';

/** `tracked` may be taken back when the visible text has been read. */
export type DraftLink = Omit<LinkSlot, 'n' | 'label'> & { tracked: boolean; label: readonly Piece[] };
export type Draft = TagSlot | DraftLink;

export type Place = Readonly<{
  start: number;
  end: number;
  /** Of the attribute; undefined in plain text. */
  quote?: Quote;
  hits: readonly Hit[];
  read(source: string): string;
}>;

/** A URL that only has its tags filled, such as a picture's; undefined when it has too many. */
export function draftUrl(source: string, place: Place): DraftLink | undefined {
  const { start, end, quote, hits, read } = place;
  if (hits.length > MAX_TAGS_IN_URL) return undefined;
  return {
    kind: 'link',
    start,
    end,
    target: piecesOf(source, place, hits, read),
    source: source.slice(start, end),
    tracked: false,
    utm: false,
    label: [],
    ...(quote !== undefined && { quote }),
  };
}

/** What is to become of a link; `leave` where the sender says so at it, or there were too many before it. */
export type Wish = 'track' | 'leave';

/** A link; undefined when nothing of it will ever change. */
export function draftLink(
  source: string,
  place: Place,
  { clicks = false, utm = false }: SlotOptions,
  wish: Wish,
): DraftLink | undefined {
  const asked = wish === 'track' && (clicks || utm);
  if (!asked) return place.hits.length === 0 ? undefined : draftUrl(source, place);
  const draft = draftUrl(source, place);
  if (!draft || isOurs(draft.target)) return draft;
  if (place.hits.length > 0) return { ...draft, tracked: clicks, utm };
  const fixed = cleanTarget(draft.target[0]?.text ?? '');
  return isTrackable(fixed) ? { ...draft, tracked: clicks, utm, fixed } : undefined;
}
