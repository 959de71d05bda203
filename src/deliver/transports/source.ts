// Source addresses: those of this host, and which of a transport's goes with which peer.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { canonicalIp } from '../../lib/ip.ts';
import type { Transport } from '../../model/settings.ts';

/** True when this host has `address` now, so that connections can leave from it; 127/8 always can. */
export function canBind(address: string): boolean {
  if (address.startsWith('127.') && isIP(address) === 4) return true;
  const wanted = canonicalIp(address);
  return ownAddresses().some((own) => canonicalIp(own) === wanted);
}

/** All addresses of this host, loopback and link-local ones too, as they stand now. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map((entry) => entry.address.toLowerCase());
}

/** The address of `transport` to speak to `peer` from; undefined when it has none of that family. Never a default. */
export function sourceFor(transport: Transport, peer: string): string | undefined {
  const family = isIP(peer);
  return [transport.address, transport.address6].find(
    (address) => address !== undefined && isIP(address) === family,
  );
}
