// IP addresses as sockets and proxies give them, and the networks that they are in. Pure.
import { isIP, SocketAddress } from 'node:net';

/** IPv4 in its own form, also where it came in IPv6's clothes; IPv6 without its zone. */
export function plainIp(ip: string): string {
  return ip.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}

/** The first groups of a plain IPv6 address, such as "2001:db8:0" of "2001:db8::1" for three. */
export function firstGroups(ip: string, count: number): string {
  const [head = '', tail] = ip.split('::');
  const groupsOf = (text: string | undefined): readonly string[] => text?.split(':').filter(Boolean) ?? [];
  const front = groupsOf(head);
  const back = groupsOf(tail);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  return [...front, ...Array<string>(zeros).fill('0'), ...back].slice(0, count).join(':');
}

/** IPv6 can be written in many ways; this one is the system's. IPv4, and what is no address, as it came. */
export function canonicalIp(ip: string): string {
  return isIP(ip) === 6 ? new SocketAddress({ address: ip, family: 'ipv6' }).address : ip;
}
