// What only the operator of the installation grants a user: other accounts cannot give it to themselves. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { Settings, User } from '../model/settings.ts';

/** `field` of a user, and why it may not be so. */
export type Excess = Readonly<{ field: string; message: string }>;

const GRANTED = [
  'networks',
  'trustedSmartHost',
  'smartHostControls',
  'bypassSuppression',
  'limits',
  'watch',
  'autoSuppress',
  'liquid',
] as const;

/** What `next` has beyond `old` (for a new user: its defaults) that its account cannot grant by itself. */
export function excessOf(
  next: User,
  old: User,
  { users, domains }: Pick<Settings, 'users' | 'domains'>,
): readonly Excess[] {
  const { account } = next;
  const own = [...users.values()].filter((user) => user.account === account);
  const pools = new Set(own.flatMap((user) => [user.pool, ...user.pools]));
  const isOurs = (name: string): boolean =>
    domains.get(name.replace(/^\*\./, '').toLowerCase())?.account === account;
  const names = next.domains.filter((name) => !old.domains.includes(name) && !isOurs(name));
  const senders = next.senders.filter(
    (address) => !old.senders.includes(address) && !isOurs(address.slice(address.lastIndexOf('@') + 1)),
  );
  const wished = [next.pool, ...next.pools].filter((name) => !pools.has(name));
  return [
    ...GRANTED.filter((field) => !isDeepStrictEqual(next[field], old[field])).map((field) => ({
      field,
      message: 'is granted by the operator of this installation',
    })),
    ...names.map((name) => ({
      field: 'domains',
      message: `has ${name}, which is no domain of your account`,
    })),
    ...senders.map((name) => ({ field: 'senders', message: `has ${name}, of no domain of your account` })),
    ...wished.map((name) => ({ field: 'pool', message: `is ${name}, which your account was not granted` })),
  ];
}
