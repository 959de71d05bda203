// Block lists of IP addresses: what an entry of the configuration says, and those that are looked at unless told otherwise. Pure.
import { isIP } from 'node:net';
import { z } from 'zod';

/** "127.0.0.2", or a range of the last number: "127.0.0.4-7". */
const CODE = /^(127\.\d{1,3}\.\d{1,3})\.(\d{1,3})(?:-(\d{1,3}))?$/;

const code = z
  .string()
  .refine((text) => readCode(text) !== undefined, 'must be an answer such as "127.0.0.2" or "127.0.0.4-7"');

export const blocklistSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w .-]{1,40}$/, 'must be letters, digits, spaces, ".", "_" or "-", at most 40')
    .describe('What people call it.'),
  zone: z
    .string()
    .regex(/^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i, 'must be a DNS zone')
    .toLowerCase()
    .describe('DNS zone that is asked, such as zen.spamhaus.org; keys for paid access are a part of it.'),
  families: z
    .array(z.enum(['ipv4', 'ipv6']))
    .min(1)
    .default(['ipv4'])
    .describe('Kinds of addresses that it lists.'),
  quarantine: z
    .array(code)
    .default([])
    .describe('Answers after which nothing leaves by a transport, once they are confirmed.'),
  warn: z.array(code).default([]).describe('Answers that are told and lower its state, no more.'),
  note: z.string().optional().describe('Terms of use, and what its entries mean; shown where it lists us.'),
});

export type Blocklist = Readonly<z.infer<typeof blocklistSchema>>;

type Range = Readonly<{ network: string; from: number; to: number }>;

function readCode(text: string): Range | undefined {
  const [, network = '', from, to] = CODE.exec(text) ?? [];
  const range = { network, from: Number(from), to: Number(to ?? from) };
  const isWhole = isIP(`${network}.${range.from}`) === 4 && range.to <= 255 && range.from <= range.to;
  return isWhole ? range : undefined;
}

/** True when one of `codes` stands for this answer. */
export function hasCode(codes: readonly string[], answer: string): boolean {
  const at = answer.lastIndexOf('.');
  const [network, last] = [answer.slice(0, at), Number(answer.slice(at + 1))];
  return codes.some((text) => {
    const range = readCode(text);
    return range !== undefined && range.network === network && range.from <= last && last <= range.to;
  });
}

/**
 * Lists that many receivers use and that may be asked without paying for a few addresses. Their terms change: the notes
 * say what to read before one relies on them.
 */
export const DEFAULT_BLOCKLISTS: readonly Blocklist[] = [
  {
    name: 'Spamhaus ZEN',
    zone: 'zen.spamhaus.org',
    families: ['ipv4', 'ipv6'],
    // SBL, CSS, XBL and DROP; PBL (10, 11) is a policy of the network's owner and says nothing of behaviour.
    quarantine: ['127.0.0.2-7', '127.0.0.9'],
    warn: ['127.0.0.10-11'],
    note: 'Free for low volume and not for business use; large and public resolvers are refused (127.255.255.254). With a key: <key>.zen.dq.spamhaus.net. Entries: check.spamhaus.org.',
  },
  {
    name: 'Barracuda',
    zone: 'b.barracudacentral.org',
    families: ['ipv4'],
    quarantine: ['127.0.0.2'],
    warn: [],
    note: "Free; the resolver's address has to be registered at barracudacentral.org/rbl first. Removal: barracudacentral.org/rbl/removal-request.",
  },
  {
    name: 'SpamCop',
    zone: 'bl.spamcop.net',
    families: ['ipv4'],
    quarantine: ['127.0.0.2'],
    warn: [],
    note: 'Free to ask. Entries come from reports and traps and end by themselves about a day after the last one: spamcop.net/bl.shtml.',
  },
  {
    name: 'Mailspike',
    zone: 'bl.mailspike.net',
    families: ['ipv4'],
    quarantine: [],
    warn: ['127.0.0.2', '127.0.0.10-12'],
    note: 'Free for low volume; see mailspike.io for terms and removal.',
  },
  {
    name: 'PSBL',
    zone: 'psbl.surriel.com',
    families: ['ipv4'],
    quarantine: [],
    warn: ['127.0.0.2'],
    note: 'Free. Whoever sends by the address may remove it: psbl.org.',
  },
  {
    name: 'UCEPROTECT 1',
    zone: 'dnsbl-1.uceprotect.net',
    families: ['ipv4'],
    quarantine: [],
    warn: ['127.0.0.2'],
    note: 'Free. Entries end by themselves after seven days without new abuse; quick removal costs money and is not needed.',
  },
];
