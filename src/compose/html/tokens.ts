// The door to htmlparser2: where tags, attributes, texts and comments stand in HTML, and entities read. Pure.
import { QuoteType, Tokenizer } from 'htmlparser2';
import type { Steps } from '../../lib/steps.ts';
import type { Quote } from '../merge/escape.ts';

/** What is told of a document, in its order; numbers are offsets into the whole source. */
export type TokenReader = Readonly<{
  /** Name of a start tag; its attributes follow. */
  openName(start: number, end: number): void;
  attribute(attribute: Attribute): void;
  /** The ">" of a start tag. */
  openEnd(end: number): void;
  /** Name of an end tag; "</" stands right before it. */
  closeName(start: number, end: number): void;
  text(start: number, end: number): void;
  /** What stands between "<!--" and "-->", or in what HTML takes for a comment. */
  comment(start: number, end: number): void;
  /** The ">" of a doctype. */
  declaration(end: number): void;
}>;

/** A name and a value with their places; the value without its quotes. */
export type Attribute = Readonly<{
  nameStart: number;
  nameEnd: number;
  start: number;
  end: number;
  quote: Quote;
}>;

/** What is read: a part of the source; long ones are read piece by piece, cut where `mayCut` allows it. */
export type Reading = Readonly<{ from: number; to: number; mayCut(at: number): boolean }>;

/** Characters that are read in one go: some 20 ms of work. */
const PIECE_CHARS = 65_536;
const ignore = (): void => undefined;

/** Reads a part of the source. Entities are left as they are. */
export function* readTokens(
  source: string,
  { from, to, mayCut }: Reading,
  reader: TokenReader,
): Steps<undefined> {
  let nameStart = 0;
  let nameEnd = 0;
  let start = 0;
  let end = 0;
  let hasData = false;
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onattribname: (first, last) => {
        nameStart = first + from;
        nameEnd = last + from;
        start = end = nameEnd;
        hasData = false;
      },
      onattribdata: (first, last) => {
        if (!hasData) start = first + from; // a value may come in two pieces
        hasData = true;
        end = last + from;
      },
      onattribend: (quote) => reader.attribute({ nameStart, nameEnd, start, end, quote: quoteOf(quote) }),
      onattribentity: ignore,
      oncdata: ignore,
      onclosetag: (first, last) => reader.closeName(first + from, last + from),
      oncomment: (first, last, offset) => reader.comment(first + from, last - offset + from),
      ondeclaration: (_, last) => reader.declaration(last + from),
      onend: ignore,
      onopentagend: (last) => reader.openEnd(last + from),
      onopentagname: (first, last) => reader.openName(first + from, last + from),
      onprocessinginstruction: ignore,
      onselfclosingtag: (last) => reader.openEnd(last + from),
      ontext: (first, last) => reader.text(first + from, last + from),
      ontextentity: ignore,
    },
  );
  const html = from === 0 && to === source.length ? source : source.slice(from, to);
  // HTML knows no CDATA: it is a comment up to the next ">". The tokenizer would look for "]]>"; it takes capitals only.
  const safe = html.replaceAll('<![CDATA[', '<![cdata[');
  let at = 0;
  for (let cut = nextCut(safe, at); cut > 0; cut = nextCut(safe, cut)) {
    if (!mayCut(cut + from)) continue;
    tokenizer.write(safe.slice(at, cut));
    at = cut;
    yield;
  }
  tokenizer.write(safe.slice(at));
  tokenizer.end();
  return undefined;
}

/** Where the next piece may begin: at a "<", where a text ends anyway. -1: the rest is one piece. */
function nextCut(html: string, from: number): number {
  return html.length - from > PIECE_CHARS ? html.indexOf('<', from + PIECE_CHARS) : -1;
}

function quoteOf(quote: QuoteType): Quote {
  if (quote === QuoteType.Double) return '"';
  return quote === QuoteType.Single ? "'" : '';
}

/** The text of an attribute's value, with its entities as characters. */
export function unescapeHtml(value: string): string {
  if (!value.includes('&')) return value;
  let text = '';
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onattribname: ignore,
      onattribdata: (start, end) => (text += html.slice(start, end)),
      onattribend: ignore,
      onattribentity: (codePoint) => (text += String.fromCodePoint(codePoint)),
      oncdata: ignore,
      onclosetag: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onopentagend: ignore,
      onopentagname: ignore,
      onprocessinginstruction: ignore,
      onselfclosingtag: ignore,
      ontext: ignore,
      ontextentity: ignore,
    },
  );
  const html = `<a b="${value.replaceAll('"', '&quot;')}">`;
  tokenizer.write(html);
  tokenizer.end();
  return text;
}
