// DANE for SMTP (RFC 6698, RFC 7672): which TLSA records are of use, and whether they name what a host showed. Pure.
import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { EpochMs } from '../../lib/clock.ts';

/** A TLSA record: usage, selector and matching type as numbers, and the certificate association data. */
export type Tlsa = Readonly<{ usage: number; selector: number; matching: number; data: Buffer }>;

export type Shown = Readonly<{
  /** Leaf first, each with its issuer behind it, as far as the host sent them. */
  chain: readonly X509Certificate[];
  /** Names that a certificate below a trust anchor may be for: the mail host, and the recipient domain. */
  names: readonly string[];
  at: EpochMs;
}>;

const DIGEST_BYTES = [undefined, 32, 64] as const;
const ALGORITHM = ['', 'sha256', 'sha512'] as const;

/** Those that RFC 7672 §3.1 lets an MTA use: DANE-TA(2) and DANE-EE(3), with selectors and matching types that exist. */
export function usableOf(records: readonly Tlsa[]): readonly Tlsa[] {
  return records.filter(({ usage, selector, matching, data }) => {
    if ((usage !== 2 && usage !== 3) || (selector !== 0 && selector !== 1) || data.length === 0) return false;
    return matching === 0 || ((matching === 1 || matching === 2) && data.length === DIGEST_BYTES[matching]);
  });
}

/** One text for one set of records, whatever their order: connections that were checked by equal sets are equal. */
export function keyOf(records: readonly Tlsa[]): string {
  const texts = records.map(
    ({ usage, selector, matching, data }) => `${usage}${selector}${matching}${data.toString('base64')}`,
  );
  return createHash('sha256').update(texts.sort().join(' ')).digest('base64');
}

/** Why no record names what the host showed, as a sentence's part; undefined when one does. `records` are usable ones. */
export function daneProblem(records: readonly Tlsa[], shown: Shown): string | undefined {
  const [leaf] = shown.chain;
  if (!leaf) return 'it showed no certificate';
  // RFC 7672 §3.1.1: neither names nor dates of the certificate count with usage 3.
  if (records.some((record) => record.usage === 3 && names(record, leaf))) return undefined;
  const anchors = records.filter(({ usage }) => usage === 2);
  if (!anchors.some((record) => isAnchored(record, shown.chain, shown.at)))
    return 'its certificate is none that its TLSA records name';
  if (!shown.names.some((name) => leaf.checkHost(name) !== undefined))
    return 'its certificate is issued by what its TLSA records name, but for other host names';
  return undefined;
}

function names({ selector, matching, data }: Tlsa, certificate: X509Certificate): boolean {
  const bytes = selector === 0 ? certificate.raw : keyBytes(certificate);
  if (!bytes) return false;
  const algorithm = ALGORITHM[matching];
  return (algorithm ? createHash(algorithm).update(bytes).digest() : bytes).equals(data);
}

/** True when the record's trust anchor is in the chain, or is whole in the record and issued its end. */
function isAnchored(record: Tlsa, chain: readonly X509Certificate[], at: EpochMs): boolean {
  const [leaf] = chain;
  if (!leaf || !isInTime(leaf, at)) return false;
  if (names(record, leaf)) return true;
  for (let i = 0; i < chain.length; i++) {
    const certificate = chain[i];
    const issuer = chain[i + 1];
    if (!certificate) return false;
    if (record.matching === 0 && isIssuedByRecord(record, certificate)) return true;
    if (!issuer || !isIssuedBy(certificate, issuer) || !isInTime(issuer, at)) return false;
    if (names(record, issuer)) return true;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && isSignedWith(certificate, issuer.publicKey);
}

/** RFC 7672 §3.1.2: a host need not send a trust anchor that the DNS has whole. */
function isIssuedByRecord({ selector, data }: Tlsa, certificate: X509Certificate): boolean {
  try {
    if (selector === 0) return isIssuedBy(certificate, new X509Certificate(data));
    return isSignedWith(certificate, createPublicKey({ key: data, format: 'der', type: 'spki' }));
  } catch {
    return false; // what the record has is none
  }
}

function isSignedWith(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    return false; // a key of a kind that OpenSSL does not know
  }
}

function isInTime({ validFromDate, validToDate }: X509Certificate, at: EpochMs): boolean {
  return validFromDate.getTime() <= at && at <= validToDate.getTime();
}

function keyBytes(certificate: X509Certificate): Buffer | undefined {
  try {
    return certificate.publicKey.export({ type: 'spki', format: 'der' });
  } catch {
    return undefined; // a key of a kind that OpenSSL does not know
  }
}
