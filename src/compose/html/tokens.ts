// The door to htmlparser2: where tags, attributes, texts and comments stand in HTML, and entities read. Pure.
import { QuoteType, Tokenizer } from 'htmlparser2';
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

const ignore = (): void => undefined;

/** Reads `source` from `from` up to `to`. Entities are left as they are. */
export function readTokens(source: string, from: number, to: number, reader: TokenReader): void {
  let nameStart = 0;
  let nameEnd = 0;
  let start = 0;
  let end = 0;
  const tokenizer = new Tokenizer(
    { decodeEntities: false },
    {
      onattribname: (first, last) => {
        nameStart = first + from;
        nameEnd = last + from;
        start = end = nameEnd;
      },
      onattribdata: (first, last) => {
        start = first + from;
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
  tokenizer.write(html.replaceAll('<![CDATA[', '<![cdata['));
  tokenizer.end();
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
