// Suppression lists: addresses that an account's mail must not go to any more.
import { z } from 'zod';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { SettingsStore } from './settings.ts';
import { storeKeys } from './keys.ts';
import {
  readSuppressionsCsv,
  suppressibleAddress,
  type CsvProblem,
  type Suppression,
} from './suppressions-csv.ts';

export type Suppressions = Readonly<{
  /** Costs nothing for an account without suppressions. Rejects with RedisTrouble when it has to ask. */
  isSuppressed(account: string, address: string): Promise<boolean>;
  /** The hash to look recipients of this account up in (lower-case addresses); "" when it has no suppressions. */
  hashOf(account: string): string;
  /** 'invalid' when `address` is no address. An address that is on the list keeps its first reason and date. */
  add(account: string, address: string, reason: string): Promise<'added' | 'known' | 'invalid'>;
  remove(account: string, address: string): Promise<'removed' | 'missing' | 'invalid'>;
  /** One entry, with its reason and date. */
  show(account: string, address: string): Promise<Suppression | undefined>;
  /** All of them in no order, a few hundred at a time. */
  list(account: string): AsyncGenerator<Suppression>;
  /** Adds the lines of a CSV file (address[,reason[,date]], with or without a head line). */
  importCsv(
    account: string,
    text: string,
  ): Promise<Readonly<{ added: number; known: number; problems: readonly CsvProblem[] }>>;
}>;

export type SuppressionsDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  settings: Pick<SettingsStore, 'latest' | 'refresh'>;
}>;

const BATCH = 500;
const suppressScript = loadScript(new URL('./scripts/suppress-3.lua', import.meta.url));
const unsuppressScript = loadScript(new URL('./scripts/unsuppress-3.lua', import.meta.url));
const entrySchema = z.object({ reason: z.string(), at: z.number() });

/** Opens the suppression lists. */
export function openSuppressions(deps: SuppressionsDeps): Suppressions {
  const { redis, settings } = deps;
  const keys = storeKeys(deps.prefix);
  const scriptKeys = (account: string): string[] => [
    keys.suppressed(account),
    keys.suppressing,
    keys.revision,
  ];
  const has = (account: string): boolean => settings.latest()?.suppressing.has(account) ?? true;
  const refresh = (): Promise<unknown> => settings.refresh().catch(() => undefined); // the channel brings it, too

  const addAll = async (account: string, entries: readonly Suppression[]): Promise<number> => {
    const pairs = entries.flatMap(({ address, reason, at }) => [address, JSON.stringify({ reason, at })]);
    return Number(await redis.run(suppressScript, scriptKeys(account), [keys.changed, account, ...pairs]));
  };
  return {
    isSuppressed: async (account, address) =>
      has(account) && (await redis.call('HEXISTS', keys.suppressed(account), address.toLowerCase())) === 1,
    hashOf: (account) => (has(account) ? keys.suppressed(account) : ''),
    add: async (account, address, reason) => {
      const clean = suppressibleAddress(address);
      if (clean === undefined) return 'invalid';
      const added = await addAll(account, [{ address: clean, reason, at: deps.clock.now() }]);
      await refresh();
      return added === 1 ? 'added' : 'known';
    },
    remove: async (account, address) => {
      const clean = suppressibleAddress(address);
      if (clean === undefined) return 'invalid';
      const removed = await redis.run(unsuppressScript, scriptKeys(account), [keys.changed, account, clean]);
      await refresh();
      return removed === 1 ? 'removed' : 'missing';
    },
    show: async (account, address) => {
      const clean = suppressibleAddress(address) ?? '';
      const text = await redis.call('HGET', keys.suppressed(account), clean);
      return typeof text === 'string' ? readStored(clean, text) : undefined;
    },
    list: (account) => scan(redis, keys.suppressed(account)),
    importCsv: async (account, text) => {
      const { entries, problems } = readSuppressionsCsv(text, deps.clock.now());
      let added = 0;
      for (let i = 0; i < entries.length; i += BATCH)
        added += await addAll(account, entries.slice(i, i + BATCH));
      await refresh();
      return { added, known: entries.length - added, problems };
    },
  };
}

async function* scan(redis: Redis, key: string): AsyncGenerator<Suppression> {
  let cursor = '0';
  do {
    const reply = await redis.call('HSCAN', key, cursor, 'COUNT', BATCH);
    const [next, flat]: unknown[] = Array.isArray(reply) ? reply : [];
    const list = Array.isArray(flat) ? flat.map(String) : [];
    for (let i = 0; i + 1 < list.length; i += 2) yield readStored(list[i] ?? '', list[i + 1] ?? '');
    cursor = typeof next === 'string' ? next : '0';
  } while (cursor !== '0');
}

/** An entry that another program wrote otherwise still suppresses; its text is then the reason. */
function readStored(address: string, text: string): Suppression {
  const unknown = { address, reason: text, at: 0 as EpochMs };
  try {
    const read = entrySchema.safeParse(JSON.parse(text));
    return read.success ? { address, ...read.data } : unknown;
  } catch {
    return unknown;
  }
}
