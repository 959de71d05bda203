// Where a link may lead: http and https, nothing that a browser or a header line could read as something else. Pure.

/** Longer addresses are not tracked: servers and mail programs cut them. */
const MAX_TARGET = 8000;
const WEB = /^https?:\/\/[^/]/i;
const PRINTABLE = /^[\x21-\x7e]+$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Mailings have the same links in every letter, and to parse one takes longer than all else that is done with it. */
const MAX_KNOWN = 1000;
const MAX_KNOWN_CHARS = 500;
const known = new Set<string>();

/** `text` as the value of a Location field: as it is, or percent-encoded where it has other characters; undefined when it may not be. */
export function safeTarget(text: string): string | undefined {
  if (known.has(text)) return text;
  if (text.length > MAX_TARGET || !WEB.test(text) || CONTROL.test(text) || !URL.canParse(text))
    return undefined;
  if (!PRINTABLE.test(text)) return new URL(text).href;
  if (text.length <= MAX_KNOWN_CHARS) {
    if (known.size >= MAX_KNOWN) known.clear();
    known.add(text);
  }
  return text;
}
