// Which links may be tracked: http and https, not opted out, and not those that show their own address. Pure.
import { isOurPage } from '../merge/system.ts';
import { MAX_TARGET, type Piece } from './slot.ts';

/** Attributes that hold a URL, in which a tag's value is written as a part of one. */
export const URL_ATTRIBUTES: ReadonlySet<string> = new Set([
  'href',
  'src',
  'srcset',
  'background',
  'action',
  'formaction',
  'cite',
  'longdesc',
  'poster',
  'data',
  'xlink:href',
]);

/** Endings of file names that would read as host names. */
const FILES =
  /\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|rtf|odt|ods|jpe?g|png|gif|svg|webp|html?|php|aspx?|jsp?|json|xml|exe)$/i;
const URL_LIKE = /^(?:https?:\/\/|www\.)\S/i;
const CONTAINS_URL = /https?:\/\/[\w-]/i;
const HOST_LIKE =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})\.){1,10}\p{L}[\p{L}\p{N}-]{1,62}\.?(?::\d{1,5})?(?<path>[/?#]\S*)?$/u;
const MAX_LABEL = 2048;
// eslint-disable-next-line no-control-regex
const INVISIBLE = /[\x00-\x08\u00ad\u200b-\u200f\u2060\ufeff]/g;

/** `a`, `area`, and Outlook's shapes (`v:roundrect`). `name` in lower case. */
export function isLinkElement(name: string): boolean {
  return name === 'a' || name === 'area' || name.startsWith('v:');
}

/**
 * True for an attribute by which a sender wants this one link left as it is, ours or a vendor's (Postmark, SendGrid,
 * SparkPost, Mandrill, Mailgun).
 */
export function isOptOut(name: string, value: string): boolean {
  switch (name) {
    case 'data-postino-no-track':
    case 'data-pm-no-track':
    case 'mc:disable-tracking':
      return value.toLowerCase() !== 'false';
    case 'clicktracking':
      return value.toLowerCase() === 'off';
    case 'data-msys-clicktrack':
      return value === '0' || value.toLowerCase() === 'false';
    case 'disable-tracking':
      return value.toLowerCase() !== 'false';
    default:
      return false;
  }
}

/** A target as browsers read it: no space around it, no line ends in it. */
export function cleanTarget(target: string): string {
  return target.trim().replace(/[\t\r\n]/g, '');
}

/** True for an absolute http or https URL of a size that a token may carry. `target` is clean. */
export function isTrackable(target: string): boolean {
  if (target.length > MAX_TARGET || !/^https?:\/\/[^/?#]/i.test(target)) return false;
  // A character that was no character in the part's charset could not be written back.
  // eslint-disable-next-line no-control-regex
  return !/[\x00-\x1f\x7f\ufffd]/.test(target) && URL.canParse(target);
}

/** True when a tag in the target leads to our own pages. */
export function isOurs(target: readonly Piece[]): boolean {
  return target.some((piece) => isOurPage(piece.tag?.system));
}

/**
 * True when the visible text of a link is an address on the web: rewritten, it would look like phishing to readers and to
 * mail programs, which compare the two.
 */
export function looksLikeUrl(label: string): boolean {
  const text = label.slice(0, MAX_LABEL).replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
  if (URL_LIKE.test(text) || CONTAINS_URL.test(text)) return true;
  const host = HOST_LIKE.exec(text);
  return host !== null && (host.groups?.['path'] !== undefined || !FILES.test(text));
}
