// Keys of the API in Redis: only their hashes, so that nobody who reads Redis can use one.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { makeLru } from '../lib/lru.ts';
import { openRecords } from '../lib/records.ts';
import type { Redis } from '../lib/script.ts';
import { apiKeySchema, type ApiKey, type Scope } from '../model/access.ts';

/** What somebody wants a key for. */
export type KeyWish = Readonly<{
  name: string;
  account: string;
  scopes: readonly Scope[];
  user?: string | undefined;
  by: string;
  expiresAt?: EpochMs | undefined;
}>;

export type ListedKey = Readonly<{ key: ApiKey; usedAt: EpochMs | undefined }>;

/** All methods reject with RedisTrouble. Nothing is kept in memory, so that a key that was removed is dead at once. */
export type ApiKeys = Readonly<{
  /** Makes a key; `secret` is all of it, and is never to be had again. */
  make(wish: KeyWish): Promise<Readonly<{ key: ApiKey; secret: string }>>;
  /** The key that somebody shows; undefined when it is none of ours, or has expired. */
  find(secret: string): Promise<ApiKey | undefined>;
  /** In order of their making. */
  list(account: string): Promise<readonly ListedKey[]>;
  get(id: string): Promise<ApiKey | undefined>;
  /** False when there was none. */
  remove(id: string): Promise<boolean>;
}>;

/** "pk", an id that may be seen, and 32 random bytes. */
const SECRET = /^pk_([a-z2-7]{16})_[\w-]{43}$/;
const ID_BYTES = 10;
const SECRET_BYTES = 32;
/** How exactly the time of the last use is known. */
const USE_MS = 60_000;
const MAX_USES = 10_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** Opens the keys of a prefix. */
export function openApiKeys({
  redis,
  prefix,
  clock,
}: Readonly<{ redis: Redis; prefix: string; clock: Clock }>): ApiKeys {
  const records = openRecords<ApiKey>(redis, { hash: `${prefix}api-keys`, schema: apiKeySchema });
  const uses = `${prefix}api-keys:used`;
  const noted = makeLru<EpochMs>(MAX_USES);
  /** Nobody waits for it, and it may be lost. */
  const note = (id: string, now: EpochMs): void => {
    if (now - (noted.get(id) ?? 0) < USE_MS) return;
    noted.put(id, now);
    redis.call('HSET', uses, id, now).catch(() => noted.drop(id));
  };
  return {
    make: async (wish) => {
      const id = makeId();
      const secret = `pk_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
      const own = { v: 1, id, madeAt: clock.now(), hash: digest(secret).toString('hex') };
      const key = apiKeySchema.parse({ ...wish, ...own });
      await records.add(id, key);
      return { key, secret };
    },
    find: async (secret) => {
      const id = SECRET.exec(secret)?.[1];
      const key = id === undefined ? undefined : await records.get(id);
      if (!key || !timingSafeEqual(digest(secret), Buffer.from(key.hash, 'hex'))) return undefined;
      const now = clock.now();
      if (key.expiresAt !== undefined && key.expiresAt <= now) return undefined;
      note(key.id, now);
      return key;
    },
    list: async (account) => {
      const keys = (await records.list())
        .filter((key) => key.account === account)
        .toSorted((a, b) => a.madeAt - b.madeAt || (a.id < b.id ? -1 : 1));
      if (keys.length === 0) return [];
      const times = await redis.call('HMGET', uses, ...keys.map(({ id }) => id));
      const usedAt = Array.isArray(times) ? times : [];
      return keys.map((key, i) => ({ key, usedAt: timeIn(usedAt[i]) }));
    },
    get: records.get,
    remove: async (id) => {
      await redis.call('HDEL', uses, id);
      noted.drop(id);
      return records.remove(id);
    },
  };
}

function timeIn(value: unknown): EpochMs | undefined {
  return typeof value === 'string' ? Number(value) : undefined;
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function makeId(): string {
  const bits = [...randomBytes(ID_BYTES)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => LETTERS.charAt(Number.parseInt(five, 2))).join('');
}
