// SMTP replies (RFC 5321 §4.2) read from a stranger: joined, capped, cleaned of control characters. Pure.

/** One whole reply: lines joined by a space, codes taken off, at most 1 KiB of text. */
export type ParsedReply = Readonly<{ code: number; status?: string; text: string }>;

/** What reading gave so far; `broken` says in a few words why the peer does not speak SMTP. */
export type Reading = Readonly<{ replies: readonly ParsedReply[]; broken?: string }>;

const MAX_REPLY_BYTES = 64 * 1024;
const MAX_TEXT_CHARS = 1024;
const LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
// RFC 3463 §2: class "." subject "." detail, and the class agrees with the reply code's first digit.
const STATUS = /^([245]\.\d{1,3}\.\d{1,3})(?:[ :-]+|$)/;

/**
 * Collects replies out of the bytes of a connection (handed over as latin1 text, so that no character is torn).
 * A reply longer than 64 KiB, or a line that is none, breaks the reader for good. A class, since it keeps what is unfinished.
 */
export class ReplyReader {
  #rest = '';
  #lines: string[] = [];
  #size = 0;
  #broken: string | undefined;

  /** True when a reply has begun and not ended. */
  get unfinished(): boolean {
    return this.#rest !== '' || this.#lines.length > 0;
  }

  /** Takes the next bytes and gives the replies that are complete now. */
  take(bytes: string): Reading {
    const replies: ParsedReply[] = [];
    let text = this.#rest === '' ? bytes : this.#rest + bytes;
    this.#size += bytes.length;
    for (let lf = text.indexOf('\n'); lf >= 0 && !this.#broken; lf = text.indexOf('\n')) {
      const line = text.slice(0, text[lf - 1] === '\r' ? lf - 1 : lf);
      text = text.slice(lf + 1);
      const reply = this.#line(line);
      if (reply) replies.push(reply);
      if (reply) this.#size = text.length;
    }
    this.#rest = text;
    if (this.#size > MAX_REPLY_BYTES) this.#broken ??= 'a reply without an end';
    return this.#broken === undefined ? { replies } : { replies, broken: this.#broken };
  }

  #line(line: string): ParsedReply | undefined {
    const match = LINE.exec(line);
    if (!match) {
      this.#broken = line === '' ? 'an empty line' : 'a line that is no reply';
      return undefined;
    }
    const begun = this.#lines[0];
    if (begun !== undefined && !begun.startsWith(match[1] ?? '')) {
      this.#broken = 'a reply whose lines have different codes'; // RFC 5321 §4.2.1
      return undefined;
    }
    this.#lines.push(line);
    if (match[2] === '-') return undefined;
    const reply = parseReply(this.#lines);
    this.#lines = [];
    return reply;
  }
}

/** The reply that these lines make; each begins with its code. Bytes (latin1) that are UTF-8 are read as such. */
export function parseReply(lines: readonly string[]): ParsedReply {
  const code = Number((lines[0] ?? '').slice(0, 3));
  let status: string | undefined;
  let text = '';
  for (const line of lines) {
    if (text.length > MAX_TEXT_CHARS) break;
    const content = line.slice(4);
    const match = STATUS.exec(content);
    const agrees = match?.[1]?.[0] === line[0];
    if (agrees) status ??= match?.[1];
    const rest = agrees ? content.slice(match?.[0].length) : content;
    text = text === '' ? rest : `${text} ${rest}`;
  }
  const clean = cleanText(text);
  return status === undefined ? { code, text: clean } : { code, status, text: clean };
}

/** A stranger's text (latin1 bytes) made fit to keep: UTF-8 where it is that, no control characters, at most 1 KiB. */
export function cleanText(bytes: string): string {
  // Characters that steer a terminal or turn text around are of no use in a log.
  const plain = /^[ -~]*$/.test(bytes) ? bytes : decode(bytes).replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  const trimmed = plain.trim();
  return trimmed.length > MAX_TEXT_CHARS ? `${trimmed.slice(0, MAX_TEXT_CHARS - 1)}…` : trimmed;
}

function decode(bytes: string): string {
  const utf8 = Buffer.from(bytes, 'latin1').toString('utf8');
  return utf8.includes('\uFFFD') ? bytes : utf8;
}
