// DKIM keys: made, and written as the DNS record that verifiers read (RFC 6376 §3.6.1, RFC 8463 §4). Pure but for chance.
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

export type DkimKeyPair = Readonly<{
  /** PKCS#8; to be sealed before it is stored. */
  privateKeyPem: string;
  /** The p= of the DNS record (base64). */
  publicKey: string;
}>;

export type DnsRecord = Readonly<{ name: string; type: 'TXT'; value: string }>;

const RSA_BITS = 2048; // RFC 8301 §3.2; longer keys do not fit the DNS answers of some hosters
const ED25519_BYTES = 32;
const MAX_STRING = 255; // RFC 1035 §3.3.14
const generate = promisify(generateKeyPair);

/** Makes a key pair, in the thread pool. */
export async function makeKeyPair(algorithm: DkimAlgorithm): Promise<DkimKeyPair> {
  const { privateKey } =
    algorithm === 'rsa-sha256'
      ? await generate('rsa', { modulusLength: RSA_BITS })
      : await generate('ed25519', {});
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKeyOf(privateKey),
  };
}

/** The p= that belongs to a private key. RFC 8463 §4.2: of Ed25519 the bare 32 bytes, of RSA the SubjectPublicKeyInfo. */
export function publicKeyOf(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return (privateKey.asymmetricKeyType === 'ed25519' ? der.subarray(-ED25519_BYTES) : der).toString('base64');
}

/** The TXT record to publish for a key. An RSA value is longer than one DNS string: see `txtStrings`. */
export function dnsRecord(
  domain: string,
  key: Readonly<{ selector: string; algorithm: DkimAlgorithm; publicKey: string }>,
): DnsRecord {
  const kind = key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519';
  return {
    name: `${key.selector}._domainkey.${domain}`,
    type: 'TXT',
    value: `v=DKIM1; k=${kind}; p=${key.publicKey}`,
  };
}

/** A TXT value as a zone file takes it: quoted strings of at most 255 characters. */
export function txtStrings(value: string): string {
  const strings = value.match(new RegExp(`.{1,${MAX_STRING}}`, 'g')) ?? [''];
  return strings.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(' ');
}
