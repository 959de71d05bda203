// Networks that no mail host on the Internet is in: private, loopback, link-local and reserved ranges. Pure.
import { BlockList, isIP } from 'node:net';

// RFC 6890 and the IANA special-purpose registries.
const V4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const;

const V6 = [
  ['::', 96], // unspecified, loopback, and IPv4 addresses in their oldest clothes
  ['::ffff:0:0:0', 96], // translated IPv4
  ['64:ff9b::', 96], // NAT64: hides an IPv4 address
  ['64:ff9b:1::', 48],
  ['2001::', 23], // Teredo, which hides an IPv4 address, and other protocols
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: hides an IPv4 address
  ['3fff::', 20],
  // Nothing is given out beyond 2000::/3: private, link-local, multicast.
  ['100::', 8],
  ['200::', 7],
  ['400::', 6],
  ['800::', 5],
  ['1000::', 4],
  ['4000::', 2],
  ['8000::', 1],
] as const;

const special = new BlockList();
for (const [network, prefix] of V4) special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of V6) special.addSubnet(network, prefix, 'ipv6');

/** True when mail for the world must not go to `address`; true for what is no address, too. */
export function isSpecial(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return special.check(address, family === 6 ? 'ipv6' : 'ipv4'); // knows IPv4-mapped addresses too
}
