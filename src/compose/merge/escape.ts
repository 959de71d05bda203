// Values made safe for the place they stand in: HTML text, attribute, style, JSON, URL, plain text. Pure.
import { escapeHtml as escapeMarkup } from '../../lib/html.ts';

export type Quote = '"' | "'" | '';

const AMPERSAND = /&/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
const SCHEMES = new Set(['http', 'https', 'mailto', 'tel', 'sms', 'cid']);
const SCRIPTS = new Set(['javascript', 'vbscript', 'data']);

/** Text as it stands in a body: every line end CRLF, no other control characters than tabs. */
export function escapeText(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return value.toWellFormed();
  return value
    .toWellFormed()
    .replace(CONTROLS, '')
    .replace(/\r\n|\r|\n/g, '\r\n');
}

/** HTML text of a body. */
export function escapeHtml(value: string): string {
  return escapeMarkup(escapeText(value));
}

/**
 * An attribute's value; without quotes around it, what would end it is written as entities, and nothing as a space: else the
 * next attribute would become its value.
 */
export function escapeAttribute(value: string, quote: Quote): string {
  const safe = escapeHtml(value.replace(/[\r\n]+/g, ' '));
  if (quote !== '') return safe;
  return safe === '' ? '&#32;' : safe.replace(/[\s=`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** A URL as an attribute's value: only "&" and what would end the value are changed. */
export function escapeTarget(url: string, quote: Quote): string {
  const safe = url.replace(AMPERSAND, '&amp;');
  if (quote === '"') return safe.replace(/"/g, '&quot;');
  if (quote === "'") return safe.replace(/'/g, '&#39;');
  return safe.replace(/[\s"'<>`]/g, (char) => `&#${char.charCodeAt(0)};`).replace(/^=/, '&#61;');
}

/** A value of CSS (a colour, a size, a font): what could begin another declaration or a URL makes it empty. */
export function escapeStyle(value: string): string {
  return /^[\p{L}\p{N} #%.,+-]{0,200}$/u.test(value) ? value : '';
}

/** Inside a JSON string in a script (Gmail's markup). */
export function escapeJson(value: string): string {
  return JSON.stringify(value.toWellFormed())
    .slice(1, -1)
    .replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * A value inside a URL, of which `before` stands already. At the beginning it may be a URL itself; whether it is one that a
 * link may have is for `isSafeUrl` to say. Else it is one component, and a "/" stays in a path. A value that is
 * percent-encoded already stays: senders who come from a vendor that encodes nothing have encoded it themselves.
 * `raw`: the vendor puts the value in as it is; then "&", "=" and the like stay too, but not in the host.
 */
export function escapeUrl(value: string, before: string, mode: 'component' | 'raw'): string {
  const clean = withoutControls(value);
  const part = partAfter(before);
  if (part === 'start') return encodeIllegal(inAscii(clean.trim()));
  if (part !== 'host' && mode === 'raw')
    return encodeIllegal(clean.replace(/[^\x20-\x7e]+/g, encodeURIComponent));
  if (/^(?:[\w.~!*()-]|%[0-9a-f]{2})+$/i.test(clean)) return clean;
  const encoded = encodeURIComponent(clean).replace(/'/g, '%27');
  if (part === 'path') return encoded.replaceAll('%2F', '/');
  return part === 'mailbox' ? encoded.replaceAll('%40', '@') : encoded;
}

/**
 * False for `javascript:` and every other scheme that a value has no business to bring. `literal` is what the sender wrote in
 * front of the first value: a scheme in it is the sender's own, such as an app's.
 */
export function isSafeUrl(url: string, literal = ''): boolean {
  const scheme = schemeOf(url);
  if (scheme === undefined || SCHEMES.has(scheme)) return true;
  return schemeOf(literal) === scheme && !SCRIPTS.has(scheme);
}

function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(withoutControls(url).trim())?.[1]?.toLowerCase();
}

type UrlPart = 'start' | 'host' | 'mailbox' | 'path' | 'query';

function partAfter(before: string): UrlPart {
  const url = before.trim();
  if (url === '') return 'start';
  if (/[?#]/.test(url)) return 'query';
  if (/^(mailto|tel|sms|cid):/i.test(url)) return 'mailbox';
  if (/^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/]*$/i.test(url)) return 'host';
  return /^([a-z][a-z0-9+.-]*:\/\/|\/|[^:]*\/)/i.test(url) ? 'path' : 'host';
}

/** Line ends and control characters are dropped by readers of URLs, so a scheme could hide behind them. */
function withoutControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.toWellFormed().replace(/[\x00-\x1f\x7f\u2028\u2029]/g, '');
}

/** A whole URL with its host in A-labels and the rest percent-encoded. */
function inAscii(url: string): string {
  if (/^[\x20-\x7e]*$/.test(url)) return url;
  return URL.parse(url)?.href ?? url.replace(/[^\x20-\x7e]+/g, encodeURIComponent);
}

function encodeIllegal(text: string): string {
  return text.replace(/[\s"'<>`\\^{|}]/g, (char) => encodeURIComponent(char).replace("'", '%27'));
}
