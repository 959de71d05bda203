// Members in Redis: who may log in to the dashboard, with which role.
import { openRecords } from '../lib/records.ts';
import type { Redis } from '../lib/script.ts';
import { memberSchema, type Member } from '../model/access.ts';

/** All methods reject with RedisTrouble. Nothing is kept in memory: a change counts at once, everywhere. */
export type Members = Readonly<{
  get(name: string): Promise<Member | undefined>;
  /** In order of their names; undefined: of all accounts. */
  list(account?: string): Promise<readonly Member[]>;
  /** False when the name is taken. */
  add(member: Member): Promise<boolean>;
  /** Replaces a member by `edit` of it; undefined when there is none of that name. */
  change(name: string, edit: (member: Member) => Member): Promise<Member | undefined>;
  /** False when there was none. */
  remove(name: string): Promise<boolean>;
}>;

/** Opens the members of a prefix. */
export function openMembers({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): Members {
  const records = openRecords<Member>(redis, { hash: `${prefix}members`, schema: memberSchema });
  return {
    ...records,
    list: async (account) =>
      (await records.list())
        .filter((member) => account === undefined || member.account === account)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    add: (member) => records.add(member.name, member),
  };
}
