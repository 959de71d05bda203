// The tracking slice of the configuration: where links, pixels and the unsubscribe page are served to the public.
import { isIP } from 'node:net';
import { z } from 'zod';
import { durationLike, isNetwork } from '../lib/values.ts';

const DAYS_MS = 86_400_000;

const duration = durationLike('"365d"');

const network = z
  .string()
  .refine(isNetwork, 'must be an address or a network, such as 10.0.0.5 or 192.0.2.0/24');

const file = z.string().min(1);

const certificateSchema = z.strictObject({
  host: z.string().min(1).describe('Host that it is for: "click.shop.example", or "*.shop.example".'),
  certificate: file.describe('PEM file with the certificate chain; reloaded when it changes.'),
  key: file.describe('PEM file with the private key.'),
});

const webAddress = z.string().refine((text) => {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { pathname, search, hash, username, password } = new URL(text);
  return pathname === '/' && `${search}${hash}${username}${password}` === '';
}, 'must be scheme and host, such as "https://click.example.net"');

const brandSchema = z.strictObject({
  name: z
    .string()
    .max(100)
    .optional()
    .describe("Name on the unsubscribe page; default: the sender's domain."),
  logo: z
    .url({ protocol: /^https$/, error: 'must be an https address of a picture' })
    .optional()
    .describe('https address of a picture for the unsubscribe page.'),
});

const slice = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .optional()
      .describe('Address to listen on; default: 127.0.0.1 as long as "url" names this host, else all.'),
    port: z.number().int().min(0).max(65_535).default(8081).describe('TCP port; 0 takes any free one.'),
    url: webAddress
      .optional()
      .describe(
        'What links begin with, unless the domain has a tracking host; default: http://localhost:<port>.',
      ),
    trustProxy: z
      .array(network)
      .default([])
      .describe('Reverse proxies whose X-Forwarded-For and X-Forwarded-Host are believed.'),
    certificate: file
      .optional()
      .describe('PEM file with the certificate chain; with it the listener speaks https.'),
    key: file.optional().describe('PEM file with the private key.'),
    certificates: z.array(certificateSchema).default([]).describe('Certificates of single hosts.'),
    expire: duration.default(365 * DAYS_MS).describe('How long links work after the message was accepted.'),
    geo: file.optional().describe('Your .mmdb file of countries, such as GeoLite2-Country.mmdb.'),
    addresses: z
      .enum(['full', 'network', 'none'])
      .default('full')
      .describe("How much of visitors' IP addresses events tell; network: the first 24 bits, 48 of IPv6."),
    brand: brandSchema
      .prefault({})
      .describe('Who the unsubscribe page speaks for, where the domain does not say.'),
  })
  .refine(
    ({ certificate, key }) => (certificate === undefined) === (key === undefined),
    'certificate and key belong together: name both files or none',
  );

export const trackingConfig = slice.transform((given) => {
  const isSecure = given.certificate !== undefined || given.certificates.length > 0;
  const url = new URL(given.url ?? `${isSecure ? 'https' : 'http'}://localhost:${given.port}`).origin;
  const isLocal = isLoopbackName(new URL(url).hostname);
  // Without a host the system listens on all addresses, IPv4 and IPv6.
  return { ...given, url, host: given.host ?? (isLocal ? '127.0.0.1' : undefined), isSecure };
});

export type TrackingConfig = Readonly<z.infer<typeof trackingConfig>>;

/** True for names and addresses of this very host: "localhost", "127.0.0.1", "[::1]". */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
