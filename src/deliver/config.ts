// The deliver slice of the configuration: DNS servers, routes, retry plan, limits of lanes, time limits of phases.
import { z } from 'zod';
import { durationLike } from '../lib/values.ts';

const duration = durationLike('"30s", "5m" or "1h30m"').meta({
  description: 'A duration such as "30s", "5m" or "1h30m".',
});

const port = z.number().int().min(1).max(65_535);
const count = z.number().int().min(1).max(10_000);

export const dnsConfig = z.strictObject({
  servers: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Addresses of resolvers, such as "127.0.0.1", "192.0.2.53:5353" or "[::1]:53"; empty: the system\'s.',
    ),
  timeout: duration.default(5000).describe('How long one question waits for its answer, per try.'),
  tries: z.number().int().min(1).max(5).default(2).describe('How often a question is asked.'),
});

const routeSchema = z
  .strictObject({
    domain: z
      .string()
      .min(1)
      .describe('Recipient domain: "example.org", "*.example.org" for its sub-domains, "*" for all.'),
    host: z.string().min(1).describe('Host name or IP address of the smart host.'),
    port: port.default(25),
    tls: z
      .enum(['none', 'opportunistic', 'required', 'implicit'])
      .default('opportunistic')
      .describe(
        'required: STARTTLS or nothing; implicit: TLS from the first byte; both verify the certificate.',
      ),
    verify: z.boolean().default(true).describe('false: take any certificate with required or implicit TLS.'),
    username: z.string().optional(),
    password: z.string().optional(),
    connections: count.optional().describe('Connections at a time; default: connectionsPerLane.'),
  })
  .refine((route) => (route.username === undefined) === (route.password === undefined), {
    message: 'username and password belong together',
    path: ['username'],
  });

const timeoutsSchema = z.strictObject({
  connect: duration.default(30_000).describe('For the TCP connection to one address.'),
  tls: duration.default(30_000).describe('For a TLS handshake.'),
  // RFC 5321 §4.5.3.2
  greeting: duration.default(300_000).describe('For the greeting, and for each reply to EHLO and AUTH.'),
  envelope: duration.default(300_000).describe('For the replies to MAIL and RCPT.'),
  data: duration.default(120_000).describe('For the reply to DATA.'),
  block: duration.default(180_000).describe('For the peer to take 256 KiB of the message.'),
  dot: duration.default(600_000).describe('For the reply to the end of the message.'),
  attempt: duration.default(3_600_000).describe('For one attempt as a whole.'),
});

const DEFAULT_TIMEOUTS = timeoutsSchema.parse({});

const steps = z.array(duration).min(1);
const DEFAULT_STEPS = [2, 5, 15, 30, 60, 120, 240].map((minutes) => minutes * 60_000);

const tlsReportsSchema = z.strictObject({
  contact: z.email().describe('Whom a receiver may ask about a report: an address of yours.'),
  organization: z.string().min(1).max(200).optional().describe('Your name in reports; default: hostname.'),
});

export const deliveryConfig = z.strictObject({
  routes: z.array(routeSchema).default([]).describe('Smart hosts by recipient domain; the first match wins.'),
  providers: z
    .string()
    .min(1)
    .optional()
    .describe('A file of your own over config/providers.yaml: limits by provider; see docs/shaping.md.'),
  mxPort: port.default(25).describe('Port of MX hosts; another than 25 is for tests.'),
  mtaSts: z
    .boolean()
    .default(true)
    .describe("Keep recipient domains' MTA-STS policies: TLS with a verified certificate where they say so."),
  httpsPort: port
    .default(443)
    .describe('Port of the hosts of MTA-STS policies; another than 443 is for tests.'),
  dane: z
    .boolean()
    .default(false)
    .describe('Keep to TLSA records (DANE); needs a resolver that validates DNSSEC, best on this host.'),
  tlsReports: tlsReportsSchema
    .optional()
    .describe('Send daily reports about TLS (RFC 8460) to domains that ask for them; without it none.'),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe('Send to MX hosts in private, loopback and link-local networks. Routes may always name them.'),
  retry: z
    .strictObject({
      steps: steps.default(DEFAULT_STEPS).describe('Waiting times between attempts; the last one repeats.'),
      expire: duration.default(72 * 3_600_000).describe('When to give up.'),
    })
    .default({ steps: DEFAULT_STEPS, expire: 72 * 3_600_000 }),
  timeouts: timeoutsSchema.default(DEFAULT_TIMEOUTS),
  connectionsPerLane: count.default(10).describe('Connections from one transport to one site at a time.'),
  messagesPerConnection: count.default(100),
  idle: duration.default(60_000).describe('How long an unused connection is kept.'),
});

export type DnsConfig = Readonly<z.infer<typeof dnsConfig>>;
export type DeliveryConfig = Readonly<z.infer<typeof deliveryConfig>>;
export type Route = Readonly<z.infer<typeof routeSchema>>;
export type Timeouts = Readonly<z.infer<typeof timeoutsSchema>>;
