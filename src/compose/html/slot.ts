// Slots: the places of a body where a recipient's own text goes; every byte between them is the same for all. Pure.
import type { Charset } from '../merge/charset.ts';
import type { Quote } from '../merge/escape.ts';
import type { Tag, TagSearch } from '../merge/tags.ts';

/** A piece of an attribute's value: as it stands in the source, and as text; `tag` when it is one. */
export type Piece = Readonly<{ source: string; text: string; tag?: Tag }>;

/** Where a tag stands, which decides how its value is escaped. */
export type Context =
  | Readonly<{ in: 'html' | 'json' | 'text' | 'styleElement' }>
  | Readonly<{ in: 'attribute' | 'style'; quote: Quote }>;

type Range = Readonly<{ start: number; end: number }>;

export type TagSlot = Range & Readonly<{ kind: 'tag'; tag: Tag; context: Context }>;

/**
 * The whole value of an attribute that is a URL, or a URL in plain text (then without `quote`). It is here because it is
 * tracked, gets UTM parameters, or has tags in it.
 */
export type LinkSlot = Range &
  Readonly<{
    kind: 'link';
    quote?: Quote;
    /** Together the value; entities read. */
    target: readonly Piece[];
    /** The target as browsers read it, when it has no tags: then it is known to be one that may be tracked. */
    fixed?: string;
    /** As it stands; stays when nothing has to change. */
    source: string;
    /** Number among the tracked links of the whole body, from 1; 0 when it is never tracked. */
    n: number;
    /** The visible text, when it has tags in it: filled, it may look like a URL, and then the link is not tracked. */
    label: readonly Piece[];
    utm: boolean;
  }>;

/** A place for the pixel; `start` is `end`. */
export type PixelSlot = Range & Readonly<{ kind: 'pixel' }>;

/** A block of the user's or the message's at its place, with slots of its own. */
export type BlockSlot = Range &
  Readonly<{ kind: 'header' | 'footer'; source: string; slots: readonly Slot[] }>;

export type Slot = TagSlot | LinkSlot | PixelSlot | BlockSlot;

/** Why a part of a body was left alone. */
export type Problem =
  /** More links than are tracked (MAX_LINKS). */
  | 'links'
  /** More places than are filled (MAX_SLOTS). */
  | 'slots'
  /** A body too large to be looked into (MAX_SOURCE). */
  | 'size';

export type Compiled = Readonly<{
  /** Sorted, not overlapping; places at one offset in the order in which they are written. */
  slots: readonly Slot[];
  /** The highest number of a tracked link; 0, or the one before `firstLink`, when there is none. */
  links: number;
  problem?: Problem;
}>;

export type SlotOptions = Readonly<{
  charset: Charset;
  /** Finds the merge tags; absent: there are none. */
  tags?: TagSearch | undefined;
  /** Links are tracked. */
  clicks?: boolean;
  /** Number of the first link, where links of another part of the message were numbered before; absent: 1. */
  firstLink?: number;
  /** Links get UTM parameters. */
  utm?: boolean;
  /** A place for the pixel is wanted; HTML only. */
  pixel?: boolean;
  /** Blocks at the beginning and the end, as text; they may have tags and links. */
  header?: string | undefined;
  footer?: string | undefined;
}>;

export const MAX_LINKS = 5000;
export const MAX_SLOTS = 20_000;
/** Characters (bytes) of a body that is looked into: 0.2 s of work. */
export const MAX_SOURCE = 6 * 1024 * 1024;
/** Tags in one URL; a value with more is left alone. */
export const MAX_TAGS_IN_URL = 100;
/** Characters of a link's target; a longer one is not tracked. */
export const MAX_TARGET = 8192;
