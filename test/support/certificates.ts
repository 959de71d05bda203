// A certificate authority of our own, which this process trusts as if the system did, and certificates that it signs.
import {
  createSecureContext,
  getCACertificates,
  setDefaultCACertificates,
  type SecureContext,
} from 'node:tls';
import { generate } from 'selfsigned';

export type Authority = Readonly<{
  /** What a host shows that is called `name`. */
  contextFor(name: string): Promise<SecureContext>;
}>;

/** To be called before anything in this process opens a TLS connection: defaults are read once. */
export async function makeAuthority(): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: 'Test authority' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  setDefaultCACertificates([...getCACertificates('default'), made.cert]);
  return {
    contextFor: async (name) => {
      const leaf = await generate([{ name: 'commonName', value: name }], {
        algorithm: 'sha256',
        ca: { key: made.private, cert: made.cert },
        extensions: [
          { name: 'extKeyUsage', serverAuth: true },
          { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
        ],
      });
      return createSecureContext({ key: leaf.private, cert: leaf.cert });
    },
  };
}
