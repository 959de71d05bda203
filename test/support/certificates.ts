// A certificate authority of our own, which this process trusts as if the system did, and certificates that it signs.
import {
  createSecureContext,
  getCACertificates,
  setDefaultCACertificates,
  type SecureContext,
} from 'node:tls';
import { generate } from 'selfsigned';

/** A host's certificate and key as PEM; `chain` has the authority's certificate behind it. */
export type Leaf = Readonly<{ cert: string; chain: string; key: string }>;

export type Authority = Readonly<{
  /** Its own certificate, as PEM. */
  cert: string;
  /** What a host shows that is called `name`. */
  contextFor(name: string): Promise<SecureContext>;
  /** A certificate for `name`, that is no longer valid where `expired`. */
  leafFor(name: string, age?: 'expired'): Promise<Leaf>;
}>;

/** To be called before anything in this process opens a TLS connection: defaults are read once. */
export async function makeAuthority(): Promise<Authority> {
  const authority = await makeStranger();
  setDefaultCACertificates([...getCACertificates('default'), authority.cert]);
  return authority;
}

/** An authority that nobody trusts. */
export async function makeStranger(): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: 'Test authority' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const leafFor: Authority['leafFor'] = async (name, age) => {
    const leaf = await generate([{ name: 'commonName', value: name }], {
      algorithm: 'sha256',
      ca: { key: made.private, cert: made.cert },
      ...(age && { notBeforeDate: new Date(2020, 0), notAfterDate: new Date(2021, 0) }),
      extensions: [
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
      ],
    });
    return { cert: leaf.cert, chain: `${leaf.cert}\n${made.cert}`, key: leaf.private };
  };
  return {
    cert: made.cert,
    leafFor,
    contextFor: async (name) => {
      const { cert, key } = await leafFor(name);
      return createSecureContext({ key, cert });
    },
  };
}
