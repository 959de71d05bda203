// The SMTP front door's slice of the configuration.
import { z } from 'zod';
import { bytesLike, durationLike } from '../lib/values.ts';

const duration = durationLike('"30s", "5m" or "1h30m"', 'allowed').meta({
  description: 'A duration such as "30s", "5m" or "1h30m".',
});

const bytes = bytesLike('"36MB" or "512KiB"').meta({ description: 'A size such as "36MB" or "512KiB".' });

const certificateFile = z.string().min(1).optional();

const listenerSchema = z.strictObject({
  port: z.number().int().min(0).max(65_535).describe('TCP port; 0 takes any free one.'),
  host: z.string().min(1).optional().describe('Address to listen on; without it all, IPv4 and IPv6.'),
  tls: z
    .enum(['none', 'starttls', 'implicit'])
    .default('starttls')
    .describe('implicit: TLS from the first byte (465); starttls: on request (587, 25); none: never.'),
  requireTls: z.boolean().default(false).describe('Take mail over TLS only.'),
  minTls: z
    .enum(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'])
    .default('TLSv1.2')
    .describe('Oldest TLS version; below 1.2 only for old devices, on a listener of their own.'),
  hideStarttls: z
    .boolean()
    .default(false)
    .describe('Take STARTTLS but do not offer it, for clients that stumble over the certificate.'),
  allowInsecureAuth: z
    .boolean()
    .default(false)
    .describe('Take passwords without TLS from everywhere; otherwise only from this host itself.'),
  proxyProtocol: z
    .array(z.union([z.ipv4(), z.ipv6()], 'must be an exact IP address of a load balancer, no network'))
    .default([])
    .describe(
      'Load balancers that begin each connection with a PROXY line: exact addresses, version 1 (text) only. ' +
        'From others such a line is refused.',
    ),
  certificate: certificateFile.describe('PEM file with the certificate chain; reloaded when it changes.'),
  key: certificateFile.describe('PEM file with the private key.'),
});

const deadlinesSchema = z.strictObject({
  tlsHandshake: duration.default(30_000).describe('For a TLS handshake, and for a PROXY line.'),
  logIn: duration.default(60_000).describe('From the greeting to a log-in.'),
  idle: duration.default(300_000).describe('Of a session in which no message comes in.'),
  dataGrace: duration.default(30_000).describe('After which a message must come in at minBytesPerSecond.'),
  minBytesPerSecond: z.number().int().nonnegative().default(500),
});

const neither = (one: Readonly<{ certificate?: string | undefined; key?: string | undefined }>): boolean =>
  (one.certificate === undefined) === (one.key === undefined);
const bothOrNone = 'certificate and key belong together: name both files or none';

export const smtpConfig = z
  .strictObject({
    listeners: z
      .array(listenerSchema.refine(neither, bothOrNone))
      .default([
        listenerSchema.parse({ port: 2525, tls: 'starttls' }),
        listenerSchema.parse({ port: 2465, tls: 'implicit' }),
      ]),
    certificate: certificateFile.describe(
      'Certificate of all listeners that name none; without it one is made.',
    ),
    key: certificateFile,
    maxMessageBytes: bytes.default(36_000_000),
    maxRecipients: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(500)
      .describe('Per message; more get 452 4.5.3.'),
    maxConnections: z.number().int().min(1).default(2000),
    maxConnectionsPerIp: z.number().int().min(1).default(100),
    memoryBudget: bytes.default(134_217_728).describe('Message bytes that all sessions may hold in memory.'),
    deadlines: deadlinesSchema.default(deadlinesSchema.parse({})),
  })
  .refine(neither, bothOrNone);

export type SmtpConfig = Readonly<z.infer<typeof smtpConfig>>;
export type ListenerConfig = SmtpConfig['listeners'][number];
export type Deadlines = SmtpConfig['deadlines'];
