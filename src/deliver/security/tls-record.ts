// Where a domain wants reports about TLS (RFC 8460 §3): the record at _smtp._tls.<domain>. Pure.
import { toAsciiDomain } from '../../mail/domain.ts';

export type Destination = Readonly<
  { kind: 'mail'; address: string } | { kind: 'https'; host: string; port: number; path: string }
>;

const MAX_DESTINATIONS = 3;

/** The destinations that TXT records (strings joined) name; none where there is not exactly one record of this version. */
export function readTlsRecord(records: readonly string[]): readonly Destination[] {
  const ours = records.filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text));
  const [record] = ours;
  if (record === undefined || ours.length > 1) return [];
  const rua = record.split(';').flatMap((field) => /^[ \t]*rua=(.*)$/s.exec(field)?.[1] ?? [])[0] ?? '';
  // Commas, semicolons and exclamation marks within an address are percent-encoded.
  return rua
    .split(',')
    .flatMap((uri) => destinationOf(uri.trim()) ?? [])
    .slice(0, MAX_DESTINATIONS);
}

function destinationOf(uri: string): Destination | undefined {
  if (/^mailto:/i.test(uri)) return mailbox(uri.slice(7).split(/[?!]/)[0] ?? '');
  if (!/^https:\/\//i.test(uri) || !URL.canParse(uri)) return undefined;
  const { hostname, port, pathname, search, username } = new URL(uri);
  // A name with a letter in its last label: an address in any notation is none (SSRF).
  if (username !== '' || !/\.[a-z][a-z0-9-]*$/i.test(hostname)) return undefined;
  return { kind: 'https', host: hostname, port: Number(port || 443), path: `${pathname}${search}` };
}

function mailbox(encoded: string): Destination | undefined {
  const text = decode(encoded);
  const at = text.lastIndexOf('@');
  const domain = toAsciiDomain(text.slice(at + 1));
  if (at < 1 || at > 64 || domain === undefined || !/^[\w.!#$%&'*+/=?^`{|}~-]+$/.test(text.slice(0, at)))
    return undefined;
  return { kind: 'mail', address: `${text.slice(0, at)}@${domain}` };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
