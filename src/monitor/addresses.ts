// Addresses as the world and as block lists see them: which of a transport's are public, and reversed names. Pure.
import { BlockList, isIP } from 'node:net';
import { canonicalIp, firstGroups } from '../lib/ip.ts';
import type { Transport } from '../model/settings.ts';

const inside = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  inside.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  inside.addSubnet(network, prefix, 'ipv6');

/**
 * Addresses under which the world sees a transport; those that only we can see are left out: nobody lists them.
 * Where it sends through a relay of others the world sees that one's.
 */
export function publicAddresses(transport: Transport): readonly string[] {
  const { kind, via, address, address6, publicAddress } = transport;
  if (kind === 'sandbox' || via !== undefined) return [];
  const isSix = publicAddress !== undefined && isIP(publicAddress) === 6;
  const seen = isSix ? [address, publicAddress] : [publicAddress ?? address, address6];
  const known = seen.filter((one) => one !== undefined).filter(isPublic);
  return [...new Set(known.map(canonicalIp))];
}

function isPublic(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !inside.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** "192.0.2.1" is asked for as "1.2.0.192", IPv6 by its 32 nibbles from behind (RFC 5782 §2.1, §2.4). */
export function reversedName(address: string): string | undefined {
  if (isIP(address) === 4) return address.split('.').toReversed().join('.');
  if (isIP(address) !== 6) return undefined;
  return nibbles(address).toReversed().join('.');
}

/** Where the DNS keeps the names of an address: "1.2.0.192.in-addr.arpa". */
export function pointerName(address: string): string {
  return `${reversedName(address) ?? ''}.${isIP(address) === 6 ? 'ip6' : 'in-addr'}.arpa`;
}

function nibbles(address: string): readonly string[] {
  const plain = dottedTail(canonicalIp(address).replace(/%.*$/, ''));
  const groups = firstGroups(plain, 8).split(':');
  return groups.flatMap((group) => group.padStart(4, '0').split(''));
}

/** "::ffff:192.0.2.1" with its last 32 bits as groups. */
function dottedTail(address: string): string {
  const match = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (!match) return address;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(2).map(Number);
  return `${match[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}
