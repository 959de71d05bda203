// Where a link may lead: http and https, nothing that a browser or a header line could read as something else. Pure.

/** Longer addresses are not tracked: servers and mail programs cut them. */
const MAX_TARGET = 8000;
const WEB = /^https?:\/\/[^/]/i;
const PRINTABLE = /^[\x21-\x7e]+$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** `text` as the value of a Location field: as it is, or percent-encoded where it has other characters; undefined when it may not be. */
export function safeTarget(text: string): string | undefined {
  if (text.length > MAX_TARGET || !WEB.test(text) || CONTROL.test(text) || !URL.canParse(text))
    return undefined;
  return PRINTABLE.test(text) ? text : new URL(text).href;
}
