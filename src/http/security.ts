// Security headers, and the checks of where a request comes from. Pure.
import { isIP } from 'node:net';
import { firstGroups, plainIp } from '../lib/ip.ts';
import type { Ask, PolicyName } from './exchange.ts';

const STRICT = ["default-src 'none'", "base-uri 'none'"];

const POLICIES: Readonly<Record<PolicyName, string>> = {
  page: [
    ...STRICT,
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "frame-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    // No text ever becomes elements or code.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  data: [...STRICT, "form-action 'none'", "frame-ancestors 'none'", 'sandbox'].join('; '),
  // No script, no form, nothing from outside; pictures only where the message itself contains them.
  mail: [
    ...STRICT,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox',
  ].join('; '),
};

/** The headers that every answer carries. */
export function securityHeaders(policy: PolicyName): Readonly<Record<string, string>> {
  return {
    'content-security-policy': POLICIES[policy],
    'x-content-type-options': 'nosniff',
    'x-frame-options': policy === 'mail' ? 'SAMEORIGIN' : 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'cache-control': 'no-store',
  };
}

/** True for a request that another site made a browser send. Clients that are no browsers say nothing, and pass. */
export function isForeign(ask: Ask): boolean {
  const site = ask.header('sec-fetch-site');
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const origin = ask.header('origin');
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== ask.header('host');
}

/** True for an address of this host: 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
}

/** True when a proxy on this host speaks for somebody else, who is not on this host. */
export function isForwarded(ask: Ask): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => ask.header(name) !== undefined);
}

/** Who asks: the socket's peer, or whom a proxy on this host speaks for. Only for counting: nobody is let in by it. */
export function clientOf(ask: Pick<Ask, 'peer' | 'header'>): string {
  const last = (ask.header('x-forwarded-for') ?? '').split(',').at(-1)?.trim() ?? '';
  return isLoopback(ask.peer) && isIP(last) !== 0 ? last : ask.peer;
}

/** What failed logins are counted by: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = plainIp(address);
  return plain.includes(':') ? firstGroups(plain, 4) : plain;
}
