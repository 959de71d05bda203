// The feedback slice of the configuration: the domain of our own addresses, and where mail to them comes in.
import { z } from 'zod';
import { durationLike } from '../lib/values.ts';
import { toAsciiDomain } from '../mail/domain.ts';

/** List-Unsubscribe has to fit into a line of 998 characters with the longest token (RFC 5322 §2.1.1). */
const MAX_DOMAIN = 150;

const ownDomain = z.string().transform((text, context) => {
  const domain = toAsciiDomain(text);
  if (domain?.includes('.') && domain.length <= MAX_DOMAIN) return domain;
  const message = `must be a domain such as "bounces.example.net", of at most ${MAX_DOMAIN} characters`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const DAY = 86_400_000;
const duration = durationLike('"30d"');
const mailbox = z
  .string()
  .regex(/^[^\s@<>"]{1,64}@[^\s@<>]{1,190}$/, 'must be an address such as postmaster@example.net');

const listenerSchema = z.strictObject({
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .describe('TCP port; mail hosts come to 25, so forward that one or listen on it.'),
  host: z.string().min(1).optional().describe('Address to listen on; without it all, IPv4 and IPv6.'),
  tls: z
    .enum(['none', 'starttls'])
    .default('starttls')
    .describe('starttls: offered, with the certificate of smtp; none: never.'),
  proxyProtocol: z
    .array(z.union([z.ipv4(), z.ipv6()], 'must be an exact IP address of a load balancer, no network'))
    .default([])
    .describe('Load balancers that begin each connection with a PROXY line, version 1 (text).'),
});

export const feedbackConfig = z
  .strictObject({
    domain: ownDomain.describe(
      'Domain of our own addresses, such as unsubscribe@bounces.example.net; its MX record names this host.',
    ),
    postmaster: mailbox
      .optional()
      .describe(
        'Who reads what comes to postmaster@ and abuse@, and to the address of feedback loops without being a complaint; without it such mail is refused.',
      ),
    expire: duration
      .default(30 * DAY)
      .describe('How long bounces of a message are taken; what it was is known as long as events are kept.'),
    complaintKeys: z
      .array(z.number().int().min(0).max(1000))
      .min(1)
      .default([0])
      .describe(
        'Keys of the address that you register for feedback loops: the first is shown, all are taken. Another number makes another address.',
      ),
    forwardsPerHour: z
      .number()
      .int()
      .min(0)
      .default(200)
      .describe('Answers and other mail forwarded to senders and to postmaster in an hour, by each process.'),
    listeners: z
      .array(listenerSchema)
      .min(1, 'needs at least one listener')
      .default([listenerSchema.parse({ port: 2526 })])
      .describe('Where that mail comes in: without a log-in, and for addresses of ours only.'),
    maxConnections: z.number().int().min(1).default(200),
    maxConnectionsPerIp: z.number().int().min(1).default(20),
  })
  .refine(({ domain, postmaster }) => postmaster?.toLowerCase().endsWith(`@${domain}`) !== true, {
    message: 'is an address of ours itself; name a mailbox that somebody reads',
    path: ['postmaster'],
  });
