// The options of "transport add" and "transport set": read into fields of a transport, or refused in one sentence.
import { present } from '../lib/present.ts';
import { isIP } from 'node:net';
import { z } from 'zod';
import { isTimeZone } from '../lib/day.ts';
import { transportSchema, viaSchema, warmupSchema } from '../model/settings.ts';
import type { Given } from '../verbs/transport.ts';
import type { GivenVia } from '../verbs/transport-via.ts';
import type { Option, Values } from './command.ts';
import { sayOptionIssues } from './option-values.ts';

export const transportOptions: readonly Option[] = [
  { flags: '--address <ip>', summary: 'address of this host that mail leaves from' },
  { flags: '--address6 <ip>', summary: 'IPv6 address beside it; "" removes' },
  { flags: '--public-address <ip>', summary: 'what the world sees behind NAT; "" removes' },
  { flags: '--ehlo <name>', summary: 'name that it says in EHLO; "" removes' },
  { flags: '--pool <name>', summary: 'group that it belongs to (default: default)' },
  { flags: '--weight <n>', summary: "its share of the pool's mail beside the others (default: 100)" },
  { flags: '--warm', summary: 'the world knows this address already: no warm-up' },
  { flags: '--warmup-since <day>', summary: 'the day that its warm-up began: 2026-11-25' },
  { flags: '--warmup-day <n>', summary: 'which day of its warm-up today is' },
  { flags: '--time-zone <name>', summary: 'where the days of its warm-up begin: Europe/Rome; "" removes' },
  { flags: '--via <host:port>', summary: 'upstream relay, where port 25 is closed; "" removes' },
  { flags: '--via-tls <how>', summary: 'none, opportunistic, required (default) or implicit' },
  { flags: '--via-no-verify', summary: 'take any certificate of the upstream relay' },
  { flags: '--via-username <name>', summary: 'log-in at the upstream relay' },
  { flags: '--via-password-stdin', summary: 'read the password of that log-in from standard input' },
];

const address = z
  .string()
  .refine((text) => text === '' || isIP(text) !== 0, { message: 'is not an IP address' });
const optionsSchema = z.object({
  address: address.optional(),
  address6: address
    .refine((text) => text === '' || isIP(text) === 6, { message: 'is not an IPv6 address' })
    .optional(),
  publicAddress: address.optional(),
  ehlo: z.string().optional(),
  pool: transportSchema.shape.pool.unwrap().optional(),
  weight: z.coerce.number().pipe(transportSchema.shape.weight.unwrap()).optional(),
  warm: z.literal(true).optional(),
  warmupSince: warmupSchema.shape.since.optional(),
  warmupDay: z.coerce.number().pipe(warmupSchema.shape.day.unwrap()).optional(),
  timeZone: z
    .string()
    .refine((text) => text === '' || isTimeZone(text), { message: 'must be a time zone such as Europe/Rome' })
    .optional(),
  via: z.string().transform(readHostPort).optional(),
  viaTls: viaSchema.shape.tls.unwrap().optional(),
  viaUsername: z.string().min(1).optional(),
});

/** Reads the options; `password` is what standard input held, where it was to be read. */
export function readTransportOptions(
  options: Values,
  password: string | undefined,
): Given | Readonly<{ problem: string }> {
  const read = optionsSchema.safeParse(options);
  if (!read.success) return { problem: sayOptionIssues(read.error) };
  const { warm, warmupSince, warmupDay, via, viaTls, viaUsername, ...plain } = read.data;
  if ([warm, warmupSince, warmupDay].filter((one) => one !== undefined).length > 1)
    return { problem: '--warm, --warmup-since and --warmup-day exclude each other.' };
  const removed = (['address6', 'publicAddress', 'ehlo', 'timeZone'] as const).filter(
    (name) => plain[name] === '',
  );
  return {
    fields: Object.fromEntries(Object.entries(present(plain)).filter(([, value]) => value !== '')),
    removed,
    said: {
      ...(warm && { warm }),
      ...(warmupSince !== undefined && { warmup: { since: warmupSince } }),
      ...(warmupDay !== undefined && { warmup: { day: warmupDay } }),
    },
    relay: {
      ...(via === undefined ? {} : { via }),
      more: {
        ...(viaTls && { tls: viaTls }),
        ...(options['viaNoVerify'] === true && { verify: false }),
        ...(viaUsername !== undefined && { username: viaUsername }),
        ...(password !== undefined && { password }),
      },
    },
  };
}

function readHostPort(text: string, context: z.RefinementCtx): NonNullable<GivenVia['via']> {
  if (text === '') return 'none';
  const [, bracketed, plain, port = '587'] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const read = viaSchema.shape.port.safeParse(Number(port));
  if (host !== undefined && read.success) return { host, port: read.data };
  context.addIssue({ code: 'custom', message: 'must be a host and a port, such as smtp.example.net:587' });
  return z.NEVER;
}
