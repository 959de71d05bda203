// Users by source network: devices and Exchange servers that cannot log in are known by their address (CIDR). Pure.
import { isIPv4, isIPv6 } from 'node:net';
import type { Settings, User } from '../model/settings.ts';
import { replies, type Reply } from './replies.ts';

/** Network prefixes as bits, by length: a look-up costs one step per length in use, however many users there are. */
type Networks = ReadonlyMap<string, User>;
type Index = Readonly<{
  lengths4: readonly number[];
  lengths6: readonly number[];
  networks: Networks;
  /** Answers so far: a device asks three times per message. */
  found: Map<string, User>;
}>;

const MAX_FOUND = 10_000;

const indexes = new WeakMap<Settings, Index>(); // settings are replaced as a whole when one changes

/** The user who logged in as `userName`, else the one whose network the client is in; or why it is nobody. */
export function identify(
  settings: Settings | undefined,
  userName: string | undefined,
  address: string,
): User | Reply {
  if (!settings) return replies.tryLater;
  if (userName === undefined) return userOfAddress(settings, address) ?? replies.logInFirst;
  const user = settings.users.get(userName);
  return user?.disabled === false ? user : replies.userGone;
}

/** The user whose networks hold the address; the narrowest network wins. Undefined when there is none, or it is disabled. */
export function userOfAddress(settings: Settings, address: string): User | undefined {
  const { found, ...index } = indexOf(settings);
  const known = found.get(address);
  if (known) return known;
  const bits = bitsOf(address);
  if (bits === undefined) return undefined;
  const lengths = bits.length === 32 ? index.lengths4 : index.lengths6;
  for (const length of lengths) {
    const user = index.networks.get(keyOf(bits, length));
    if (!user) continue;
    if (found.size < MAX_FOUND) found.set(address, user);
    return user;
  }
  return undefined;
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}

/** A network as people write it ("192.0.2.0/24", "2001:db8::/32", a single address) is one; else undefined. */
export function readNetwork(text: string): Readonly<{ bits: string; length: number }> | undefined {
  const [address = '', length, ...more] = text.trim().split('/');
  const bits = bitsOf(address);
  if (bits === undefined || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length)))
    return undefined;
  const size = length === undefined ? bits.length : Number(length);
  return size > bits.length ? undefined : { bits, length: size };
}

function indexOf(settings: Settings): Index {
  const known = indexes.get(settings);
  if (known) return known;
  const networks = new Map<string, User>();
  const lengths = { 32: new Set<number>(), 128: new Set<number>() };
  for (const user of settings.users.values()) {
    for (const text of user.disabled ? [] : user.networks) {
      const network = readNetwork(text);
      if (!network) continue;
      networks.set(keyOf(network.bits, network.length), user);
      lengths[network.bits.length === 32 ? 32 : 128].add(network.length);
    }
  }
  const narrowFirst = (set: ReadonlySet<number>): readonly number[] => [...set].sort((a, b) => b - a);
  const index = {
    lengths4: narrowFirst(lengths[32]),
    lengths6: narrowFirst(lengths[128]),
    networks,
    found: new Map(),
  };
  indexes.set(settings, index);
  return index;
}

function keyOf(bits: string, length: number): string {
  return `${bits.length}/${bits.slice(0, length)}`;
}

/** An address as a text of 32 or 128 ones and zeros. An IPv4 address in IPv6 clothes is IPv4. */
function bitsOf(address: string): string | undefined {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIPv4(plain))
    return plain
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  if (!isIPv6(plain)) return undefined;
  // The URL parser writes IPv6 in one form, without embedded IPv4.
  const [head = '', tail] = new URL(`http://[${plain.replace(/%.*$/, '')}]/`).hostname
    .slice(1, -1)
    .split('::');
  const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}
