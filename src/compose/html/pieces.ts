// Texts and attribute values cut at their tags, and filled: the pieces that a link's target and label are made of. Pure.
import type { Charset } from '../merge/charset.ts';
import { escapeAttribute, escapeUrl, type Quote } from '../merge/escape.ts';
import type { Hit } from '../merge/tags.ts';
import { resolveTag, type Lookup } from '../merge/values.ts';
import { chosenPieces } from './branches.ts';
import type { Piece } from './slot.ts';
import { unescapeHtml } from './tokens.ts';

/** Cuts `source` from `start` to `end` at the tags in it. */
export function piecesOf(
  source: string,
  range: Readonly<{ start: number; end: number }>,
  hits: readonly Hit[],
  read: (source: string) => string,
): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = range.start;
  const add = (to: number): void => {
    const text = source.slice(from, to);
    if (text !== '') pieces.push({ source: text, text: read(text) });
  };
  for (const { start, end, tag } of hits) {
    add(start);
    pieces.push({ source: tag.source, text: read(tag.source), tag });
    from = end;
  }
  add(range.end);
  return pieces;
}

/** Reads an attribute's value, or HTML text: characters of the charset, entities undone. */
export function htmlReader(charset: Charset): (source: string) => string {
  return (source) => unescapeHtml(charset.decode(source));
}

/** As text, with the values of the tags. */
export function textOf(pieces: readonly Piece[], lookup: Lookup): string {
  return chosenPieces(pieces, lookup)
    .map((piece) => (piece.tag && resolveTag(piece.tag, lookup)?.text) ?? piece.text)
    .join('');
}

export type Url = Readonly<{
  /** The URL that it is now. */
  text: string;
  /** The same in string space, with everything as it stood but the values; ready for its place. */
  source: string;
  /** True when a tag had a value. */
  filled: boolean;
}>;

/** Characters of all values in one URL: no browser and no server takes a longer one. */
const MAX_VALUES = 16_384;

function unfilledUrl(pieces: readonly Piece[]): Url {
  const join = (part: 'text' | 'source'): string => pieces.map((piece) => piece[part]).join('');
  return { text: join('text'), source: join('source'), filled: false };
}

/**
 * A URL with its values, each escaped for the part of the URL that it stands in; as it is written when they are too long.
 * `quote`: undefined in plain text.
 */
export function urlOf(
  pieces: readonly Piece[],
  lookup: Lookup,
  charset: Charset,
  quote: Quote | undefined,
): Url {
  let text = '';
  let source = '';
  const chosen = chosenPieces(pieces, lookup);
  let filled = chosen !== pieces;
  let room = MAX_VALUES;
  for (const piece of chosen) {
    const value = piece.tag && resolveTag(piece.tag, lookup);
    if (value === undefined) {
      text += piece.text;
      source += piece.source;
      continue;
    }
    room -= value.text.length;
    if (room < 0) return unfilledUrl(pieces);
    const escaped = escapeUrl(value.text, text, value.html ? 'raw' : 'component');
    text += escaped;
    source +=
      quote === undefined
        ? charset.encode(escaped, 'plain')
        : escaped === ''
          ? ''
          : charset.encode(escapeAttribute(escaped, quote), 'html');
    filled = true;
  }
  return { text, source: source === '' && quote === '' ? '&#32;' : source, filled };
}
