// For which host a request is, and from whom: what a reverse proxy says counts only from the proxies that are trusted. Pure.
import { BlockList, isIP } from 'node:net';

/** The parts of a request that say so. Header names in lower case; repeated fields joined by commas. */
export type Request = Readonly<{
  peer: string;
  header(name: string): string | undefined;
}>;

export type Origin = Readonly<{
  /** Host that was asked for, in lower case without port; "" when none can be read. */
  host: string;
  /** Address of the visitor. */
  ip: string;
}>;

/** A chain of proxies is never as long. */
const MAX_HOPS = 20;
const HOST = /^(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])$/;

/** Makes the look-up; `trusted` are addresses and networks of proxies. */
export function makeOrigin(trusted: readonly string[]): (request: Request) => Origin {
  const proxies = new BlockList();
  for (const network of trusted) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(bits), family);
  }
  const isProxy = (ip: string): boolean =>
    trusted.length > 0 && isIP(ip) > 0 && proxies.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  return ({ peer, header }) => {
    const socket = plainAddress(peer);
    if (!isProxy(socket)) return { host: hostOf(header('host') ?? ''), ip: socket };
    // Each proxy adds the peer that it saw at the end: the last one that is no proxy of ours is the visitor.
    const hops = (header('x-forwarded-for') ?? '')
      .split(',')
      .slice(-MAX_HOPS)
      .map((hop) => plainAddress(hop.trim()));
    const ip = hops.findLast((hop) => !isProxy(hop));
    const forwarded = header('x-forwarded-host')?.split(',')[0];
    return {
      host: hostOf(forwarded ?? header('host') ?? ''),
      ip: ip !== undefined && isIP(ip) > 0 ? ip : socket,
    };
  };
}

/** The host in a Host field, in lower case without port and without the dot of a full name; "" when it is none. */
export function hostOf(field: string): string {
  const host = field
    .trim()
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
  return HOST.test(host) ? host : '';
}

/** An address as we write it: IPv4 in its own form, IPv6 without brackets and zone, no port. */
function plainAddress(text: string): string {
  const bare = text
    .replace(/^\[([^\]]*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/%.*$/, '');
  return bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
