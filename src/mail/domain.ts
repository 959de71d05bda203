// Domain names in envelopes and header fields: checked, and brought to lower-case A-labels (RFC 5890). Pure.
import { domainToASCII } from 'node:url';

const PLAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const MAX_LABEL = 63; // RFC 1035 §2.3.4
const MAX_DOMAIN = 253;

/**
 * A domain name in lower-case A-labels; undefined when it is none. Names that a URL parser would take for a number
 * ("0x7f.1", "127.1") and address literals are none. A-labels stay as they are.
 */
export function toAsciiDomain(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (PLAIN.test(lower)) return checked(lower);
  // domainToASCII percent-decodes and cuts at "/": only letters, digits, "-", "." and 8-bit text may reach it.
  if (!/[^\u0000-\u007f]/.test(lower) || !/^[a-z0-9.\-\u0080-\u{10ffff}]+$/u.test(lower)) return undefined; // oxlint-disable-line no-control-regex
  const ascii = domainToASCII(lower);
  return PLAIN.test(ascii) ? checked(ascii) : undefined;
}

/** A domain and those above it: "a.b.example", "b.example", "example"; none for "". */
export function withParents(domain: string): readonly string[] {
  const labels = domain === '' ? [] : domain.split('.');
  return labels.map((_, i) => labels.slice(i).join('.'));
}

function checked(domain: string): string | undefined {
  if (domain.length > MAX_DOMAIN) return undefined;
  const labels = domain.split('.');
  if (labels.some((label) => label.length > MAX_LABEL)) return undefined;
  // WHATWG URL §3.5 "ends in a number": no top-level domain does, and resolvers would read an address.
  return /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? undefined : domain;
}
