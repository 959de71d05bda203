// The recipient store, which traffic fills by itself: names, merge fields, and what became of the mail to each address.
import { totalmem } from 'node:os';
import { z } from 'zod';
import { parseJson } from '../lib/json.ts';
import { hashIn, textsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { Event } from '../model/event.ts';
import { storeKeys, type StoreKeys } from './keys.ts';
import { makeLearner, type Seen } from './learner.ts';
import { readMemory } from './room.ts';
import {
  fieldsProblem,
  nameProblem,
  MAX_ALL_BYTES,
  MAX_FIELDS,
  notesOf,
  recipientAddress,
  recipientCounters,
  type Note,
  type Person,
  type RecipientCounter,
} from './recipient-facts.ts';

export type { Person } from './recipient-facts.ts';

/** What is known of a recipient. Counts are close to the truth, not exact: events may be told twice after a crash. */
export type StoredRecipient = Readonly<{
  address: string;
  name?: string;
  fields: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  first: EpochMs;
  last: EpochMs;
  /** new: nothing has come back yet. */
  status: 'new' | 'reached' | 'bounced' | 'unsubscribed' | 'complained';
}> &
  Readonly<Record<RecipientCounter, number>>;

export type Recipients = Readonly<{
  /**
   * Merge fields by address in lower case, with the display name as `name`; addresses without any are left out. One round
   * trip. Rejects with RedisTrouble.
   */
  fieldsOf(
    account: string,
    addresses: readonly string[],
  ): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>>;
  /** Notes names and fields a moment later. Returns at once and never throws; under pressure some are not learned. */
  learn(account: string, people: readonly Person[]): void;
  /** Notes what events say. Rejects with RedisTrouble. */
  record(events: readonly Event[]): Promise<void>;
  show(account: string, address: string): Promise<StoredRecipient | undefined>;
  /** The last seen ones first. */
  list(
    account: string,
    count: number,
  ): Promise<Readonly<{ total: number; recipients: readonly StoredRecipient[] }>>;
  /** All of them, those last seen first, a few hundred at a time. One that mail goes to meanwhile may come twice or not at all. */
  all(account: string): AsyncGenerator<StoredRecipient>;
  /** The last seen ones first, behind the address that ended the page before; that one's `last` says where it stood. */
  page(
    account: string,
    page: Readonly<{ after?: Readonly<{ address: string; last: EpochMs }> | undefined; limit: number }>,
  ): Promise<readonly StoredRecipient[]>;
  /** Replaces name and fields by `edit` of them; makes the recipient where it is not there. A sentence when it cannot be. */
  set(
    account: string,
    address: string,
    edit: (old: Pick<Person, 'name' | 'fields'>) => Pick<Person, 'name' | 'fields'>,
  ): Promise<Readonly<{ ok: true; recipient: StoredRecipient } | { ok: false; problem: string }>>;
  /** Erases all that is known of the address. False when there was nothing. */
  forget(account: string, address: string): Promise<boolean>;
  /** Writes what was learned, now: for a stop. Never rejects. */
  flush(): Promise<void>;
}>;

export type RecipientsDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  log: Log;
  /** True where the Redis server has this host's memory to itself, and no limit of its own. */
  isOurs: boolean;
  /** How many recipients an account may have, and how long one is kept after it was last seen, milliseconds. */
  limits?: Readonly<{ count: number; ttl: number }>;
}>;

const DAY_MS = 86_400_000;
const LIMITS = { count: 1_000_000, ttl: 400 * DAY_MS };
const BATCH = 200;
const PAGE = 300;
/** Mail comes first: above this share of the memory that mail may take (see room.ts) no new recipients are stored. */
const MEMORY_SHARE = 0.5;
const HOST_SHARE = 0.4;
const LOOK_MS = 10_000;
const noteScript = loadScript(new URL('./scripts/recipients-1.lua', import.meta.url));

const textRecord = z.record(z.string(), z.string());
const statusSchema = z.enum(['new', 'reached', 'bounced', 'unsubscribed', 'complained']);

/** Opens the recipient store. */
export function openRecipients(deps: RecipientsDeps): Recipients {
  const { redis, clock, log } = deps;
  const keys = storeKeys(deps.prefix);
  const note = makeNote(deps);
  const learner = makeLearner({ clock, log, write: (account, people) => note(account, people.map(learned)) });
  const reads = makeReads(redis, keys);
  const { show } = reads;
  return {
    ...reads,
    learn: learner.learn,
    record: async (events) => {
      for (const [account, notes] of notesOf(events)) await note(account, notes.map(counted));
    },
    set: async (account, address, edit) => {
      const clean = recipientAddress(address);
      if (clean === undefined) return { ok: false, problem: `${address} is not an e-mail address.` };
      const next = edit((await show(account, clean)) ?? {});
      const problem = nameProblem(next.name) ?? fieldsProblem(next.fields ?? {});
      if (problem !== undefined) return { ok: false, problem };
      await note(account, [learned({ address: clean, seen: clock.now(), ...next })], 'replace');
      const recipient = await show(account, clean);
      return recipient
        ? { ok: true, recipient }
        : { ok: false, problem: 'There is no room in Redis for it.' };
    },
    forget: async (account, address) => {
      learner.drop(account, address);
      const gone = await redis.call('UNLINK', keyOf(keys, account, address));
      await redis.call('ZREM', keys.recipients(account), recipientAddress(address) ?? '');
      return gone === 1;
    },
    flush: learner.flush,
  };
}

function makeReads(
  redis: Redis,
  keys: StoreKeys,
): Pick<Recipients, 'fieldsOf' | 'show' | 'list' | 'page' | 'all'> {
  const show: Recipients['show'] = async (account, address) =>
    readRecipient(
      recipientAddress(address) ?? '',
      await redis.call('HGETALL', keyOf(keys, account, address)),
    );
  return {
    fieldsOf: async (account, addresses) => {
      const asked = addresses.map((address) =>
        redis.call('HMGET', keyOf(keys, account, address), 'name', 'fields'),
      );
      const known = (await Promise.all(asked)).map(readFields);
      const pairs = addresses.map((address, i) => [address.toLowerCase(), known[i] ?? {}] as const);
      return Object.fromEntries(pairs.filter(([, fields]) => Object.keys(fields).length > 0));
    },
    show,
    list: async (account, count) => {
      const index = keys.recipients(account);
      const [total, found] = await Promise.all([
        redis.call('ZCARD', index),
        redis.call('ZRANGE', index, 0, count - 1, 'REV'),
      ]);
      const addresses = textsIn(found);
      const all = await Promise.all(addresses.map((address) => show(account, address)));
      return { total: Number(total), recipients: all.filter((one) => one !== undefined) };
    },
    page: async (account, { after, limit }) => {
      const index = keys.recipients(account);
      const rank = after && (await redis.call('ZREVRANK', index, after.address));
      const start = after === undefined ? 0 : typeof rank === 'number' ? rank + 1 : undefined;
      // It was seen again meanwhile, or is forgotten: then go on below the time at which it stood.
      const isThere = after === undefined || (await show(account, after.address))?.last === after.last;
      const found =
        start !== undefined && isThere
          ? await redis.call('ZRANGE', index, start, start + limit - 1, 'REV')
          : await redis.call('ZRANGE', index, `(${after?.last}`, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, limit);
      const all = await Promise.all(textsIn(found).map((address) => show(account, address)));
      return all.filter((one) => one !== undefined);
    },
    all: async function* (account) {
      const index = keys.recipients(account);
      for (let at = 0; ; at += PAGE) {
        const addresses = textsIn(await redis.call('ZRANGE', index, at, at + PAGE - 1, 'REV'));
        const page = await Promise.all(addresses.map((address) => show(account, address)));
        yield* page.filter((one) => one !== undefined);
        if (addresses.length < PAGE) return;
      }
    },
  };
}

function keyOf(keys: StoreKeys, account: string, address: string): string {
  return keys.recipient(account) + (recipientAddress(address) ?? '');
}

/** One recipient's arguments of the script. */
type Row = readonly (string | number)[];

function learned(person: Seen): Row {
  const { address, seen, name = '', fields = {} } = person;
  const json = Object.keys(fields).length > 0 ? JSON.stringify(fields) : '';
  return [address, seen, seen, name, json, '', ...recipientCounters.map(() => 0)];
}

function counted({ address, first, last, status, counts }: Note): Row {
  return [address, first, last, '', '', status ?? '', ...recipientCounters.map((counter) => counts[counter])];
}

type WriteNotes = (account: string, rows: readonly Row[], how?: 'merge' | 'replace') => Promise<void>;

function makeNote({ redis, prefix, clock, isOurs, limits = LIMITS }: RecipientsDeps): WriteNotes {
  const keys = storeKeys(prefix);
  let roomy = true;
  let lookAt = Number.NEGATIVE_INFINITY;
  const isRoomy = async (): Promise<boolean> => {
    if (clock.ticks() < lookAt) return roomy;
    lookAt = clock.ticks() + LOOK_MS;
    roomy = (await memoryShare(redis, isOurs)) < 1;
    return roomy;
  };
  return async (account, rows, how = 'merge') => {
    for (let i = 0; i < rows.length; i += BATCH) {
      const grow = (await isRoomy()) ? 'grow' : 'update';
      const head = [clock.now(), limits.ttl, limits.count, grow, keys.recipient(account), how];
      const all = [...head, MAX_FIELDS, MAX_ALL_BYTES, ...rows.slice(i, i + BATCH).flat()];
      await redis.run(noteScript, [keys.recipients(account)], all);
    }
  };
}

/** Used memory as a share of what may be used before recipients stop growing; 0 where there is no limit. */
async function memoryShare(redis: Redis, isOurs: boolean): Promise<number> {
  const { used, max } = await readMemory(redis);
  if (max === 0 && !isOurs) return 0;
  return used / (max > 0 ? max * MEMORY_SHARE : totalmem() * HOST_SHARE);
}

/** Name and fields as merge fields; a hash that another program wrote otherwise has none. */
function readFields(reply: unknown): Readonly<Record<string, string>> {
  const [name, fields]: unknown[] = Array.isArray(reply) ? reply : [];
  const named = typeof name === 'string' && name !== '' ? { name } : {};
  return { ...named, ...readRecord(fields) };
}

function readRecord(text: unknown): Record<string, string> {
  return (typeof text === 'string' && parseJson(text, textRecord)) || {};
}

function readRecipient(address: string, reply: unknown): StoredRecipient | undefined {
  const hash = hashIn(reply);
  if (hash.size === 0) return undefined;
  const figure = (key: string): number => Number(hash.get(key) ?? 0) || 0;
  const name = hash.get('name');
  return {
    address,
    ...(name === undefined || name === '' ? {} : { name }),
    fields: readRecord(hash.get('fields')),
    first: figure('first'),
    last: figure('last'),
    status: statusSchema.safeParse(hash.get('status')).data ?? 'new',
    accepted: figure('accepted'),
    delivered: figure('delivered'),
    bounced: figure('bounced'),
    opened: figure('opened'),
    clicked: figure('clicked'),
    unsubscribed: figure('unsubscribed'),
  };
}
