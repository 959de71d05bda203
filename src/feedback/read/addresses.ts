// Addresses in reports: as a field's value, and wherever they stand in a line of text. Pure.

/** An address in a line. */
export type Spotted = Readonly<{ address: string; start: number; end: number }>;

/** RFC 5321 §4.5.3.1: 64 octets of local part, 255 of domain. */
const ADDRESS =
  /(?:"[^"\n@]{1,62}"|[^\s<>()[\]",;:@\\|{}\p{Cc}]{1,64})@(?:\[[\d.:a-f]{3,45}\]|[\p{L}\p{N}][\p{L}\p{N}_.-]{0,253})/giu;
const PREFIX = /^(?:['`*=]+|.{0,40}?\b(?:smtp|rfc-?822|mailto|rfc3d|to|address)=)/i;
/** Addresses that are spotted in one line. */
const MAX_PER_LINE = 20;

/** Addresses in a line, left to right; each has a dot in its domain. */
export function addressesIn(line: string): readonly Spotted[] {
  if (!line.includes('@')) return [];
  const spotted: Spotted[] = [];
  for (const match of line.matchAll(ADDRESS)) {
    const address = tidy(match[0]);
    if (address === '' || !/@[^@]*\.[^@]|@\[/.test(address)) continue;
    spotted.push({ address, start: match.index, end: match.index + match[0].length });
    if (spotted.length >= MAX_PER_LINE) break;
  }
  return spotted;
}

/**
 * The address in a field such as "rfc822; <a@b.example> (comment)", "utf-8; …" or "SMTP:a@b.example"; "" when there is
 * none. A name without domain is none: hosts write their own users so.
 */
export function addressInField(value: string): string {
  const semicolon = value.indexOf(';');
  const type = semicolon < 0 ? '' : value.slice(0, semicolon).trim().toLowerCase();
  const rest = (semicolon < 0 || type.includes('@') ? value : value.slice(semicolon + 1))
    .trim()
    .slice(0, 600);
  const text = type === 'utf-8' ? unescaped(rest) : withoutXtext(rest);
  const match = text.includes('@') ? new RegExp(ADDRESS.source, 'iu').exec(text) : undefined;
  return match ? tidy(match[0]) : '';
}

/** RFC 3461 §4: ORCPT comes in xtext, and some hand it on as it came. */
function withoutXtext(text: string): string {
  if (text.includes('@') || !/\+40/.test(text)) return text;
  return text.replace(/\+([2-7][0-9A-F])/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** RFC 6533 §3: utf-8-addr-xtext writes a character as \x{HEX}. */
function unescaped(text: string): string {
  return text.replace(/\\x\{([0-9A-F]{1,6})\}/gi, (whole, hex: string) => {
    const code = Number.parseInt(hex, 16);
    return code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
      ? String.fromCodePoint(code)
      : whole;
  });
}

function tidy(found: string): string {
  const address = found.replace(PREFIX, '').replace(/[.'_-]+$/, '');
  const at = address.lastIndexOf('@');
  // "david...@gmail.com": cut for archives.
  return at < 1 || at === address.length - 1 || address.slice(0, at).endsWith('...') ? '' : address;
}
