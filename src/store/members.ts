// Members in Redis: who may log in to the dashboard, with which role.
import { recordsIn } from '../lib/answers.ts';
import { parseJson } from '../lib/json.ts';
import { loadScript, type Redis } from '../lib/script.ts';
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

const swap = loadScript(new URL('./scripts/swap-1.lua', import.meta.url));
const ATTEMPTS = 5;

export function openMembers({ redis, prefix }: Readonly<{ redis: Redis; prefix: string }>): Members {
  const hash = `${prefix}members`;
  const read = async (name: string): Promise<string> => {
    const text = await redis.call('HGET', hash, name);
    return typeof text === 'string' ? text : '';
  };
  const put = async (name: string, before: string, after: string): Promise<boolean> =>
    (await redis.run(swap, [hash], [name, before, after])) === 1;
  return {
    get: async (name) => parseJson(await read(name), memberSchema),
    list: async (account) => {
      const all = [...recordsIn(await redis.call('HGETALL', hash), memberSchema).values()];
      return all
        .filter((member) => account === undefined || member.account === account)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    add: (member) => put(member.name, '', JSON.stringify(memberSchema.parse(member))),
    change: async (name, edit) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const before = await read(name);
        const member = parseJson(before, memberSchema);
        if (!member) return undefined;
        const next = memberSchema.parse(edit(member));
        if (await put(name, before, JSON.stringify(next))) return next;
      }
      throw new Error(`the member ${name} is being changed by others again and again`);
    },
    remove: async (name) => (await redis.call('HDEL', hash, name)) === 1,
  };
}
