// Suppression lists: addresses that an account's mail must not go to any more.
import { z } from 'zod';
import { scanHash } from './scan-hash.ts';
import { parseJson } from '../lib/json.ts';
import type { Clock } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { SettingsStore } from './settings.ts';
import { storeKeys } from './keys.ts';
import {
  fieldOf,
  isTopic,
  readField,
  readSuppressionsCsv,
  suppressibleAddress,
  type CsvProblem,
  type Suppression,
} from './suppressions-csv.ts';

export type Suppressions = Readonly<{
  /**
   * All mail to the address, or that of the topic. Costs nothing for an account without suppressions. Rejects with
   * RedisTrouble when it has to ask.
   */
  isSuppressed(account: string, address: string, topic?: string): Promise<boolean>;
  /**
   * The hash to look recipients of this account up in: lower-case addresses for all mail, "<topic>\n<address>" for a
   * topic's; "" when it has no suppressions.
   */
  hashOf(account: string): string;
  /**
   * From now on no mail, or none of the topic. 'invalid' when `address` is no address or `topic` no topic. An entry that is
   * there keeps its first reason and date.
   */
  add(
    account: string,
    address: string,
    reason: string,
    topic?: string,
  ): Promise<'added' | 'known' | 'invalid'>;
  /** Takes back one entry: without a topic that for all mail, and what the address left by topic stays. */
  remove(account: string, address: string, topic?: string): Promise<'removed' | 'missing' | 'invalid'>;
  /** One entry, with its reason and date. */
  show(account: string, address: string, topic?: string): Promise<Suppression | undefined>;
  /** All entries of an address: for all mail, and by topic. Looks through the whole list. */
  find(account: string, address: string): Promise<readonly Suppression[]>;
  /** All of them in no order, a few hundred at a time. */
  list(account: string): AsyncGenerator<Suppression>;
  /** Adds the lines of a CSV file (address[,reason[,date[,topic]]], with or without a head line). */
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
  const { addAll, removeOne } = makeWrites(deps);
  const has = (account: string): boolean => settings.latest()?.suppressing.has(account) ?? true;
  return {
    isSuppressed: async (account, address, topic) => {
      if (!has(account)) return false;
      const lower = address.toLowerCase();
      const fields = topic === undefined ? [lower] : [lower, fieldOf({ address: lower, topic })];
      const found = await redis.call('HMGET', keys.suppressed(account), ...fields);
      return Array.isArray(found) && found.some((entry) => entry !== null);
    },
    hashOf: (account) => (has(account) ? keys.suppressed(account) : ''),
    add: async (account, address, reason, topic) => {
      const about = aboutOf(address, topic);
      if (about === undefined) return 'invalid';
      const added = await addAll(account, [{ ...about, reason, at: deps.clock.now() }]);
      return added === 1 ? 'added' : 'known';
    },
    remove: async (account, address, topic) => {
      const about = aboutOf(address, topic);
      if (about === undefined) return 'invalid';
      return (await removeOne(account, about)) ? 'removed' : 'missing';
    },
    show: async (account, address, topic) => {
      const about = aboutOf(address, topic);
      const text = about && (await redis.call('HGET', keys.suppressed(account), fieldOf(about)));
      return about && typeof text === 'string' ? readStored(about, text) : undefined;
    },
    find: async (account, address) => {
      const clean = suppressibleAddress(address);
      const found: Suppression[] = [];
      for await (const entry of scan(redis, keys.suppressed(account)))
        if (entry.address === clean) found.push(entry);
      return found;
    },
    list: (account) => scan(redis, keys.suppressed(account)),
    importCsv: async (account, text) => {
      const { entries, problems } = readSuppressionsCsv(text, deps.clock.now());
      const added = await addAll(account, entries);
      return { added, known: entries.length - added, problems };
    },
  };
}

type Writes = Readonly<{
  /** Resolves to how many were new. */
  addAll(account: string, entries: readonly Suppression[]): Promise<number>;
  removeOne(account: string, about: About): Promise<boolean>;
}>;

function makeWrites({ redis, prefix, settings }: SuppressionsDeps): Writes {
  const keys = storeKeys(prefix);
  const { suppressing, revision, changed } = keys;
  const refresh = (): Promise<unknown> => settings.refresh().catch(() => undefined); // the channel brings it, too
  return {
    addAll: async (account, entries) => {
      const pairs = entries.map((entry) => [
        fieldOf(entry),
        JSON.stringify({ reason: entry.reason, at: entry.at }),
      ]);
      let added = 0;
      for (let i = 0; i < pairs.length; i += BATCH) {
        const args = [changed, account, ...pairs.slice(i, i + BATCH).flat()];
        added += Number(
          await redis.run(suppressScript, [keys.suppressed(account), suppressing, revision], args),
        );
      }
      await refresh();
      return added;
    },
    removeOne: async (account, about) => {
      const names = [keys.suppressed(account), suppressing, revision];
      const removed = await redis.run(unsuppressScript, names, [changed, account, fieldOf(about)]);
      await refresh();
      return removed === 1;
    },
  };
}

async function* scan(redis: Redis, key: string): AsyncGenerator<Suppression> {
  for await (const [field, text] of scanHash(redis, key)) yield readStored(readField(field), text);
}

type About = Pick<Suppression, 'address' | 'topic'>;

function aboutOf(text: string, topic: string | undefined): About | undefined {
  const address = suppressibleAddress(text);
  if (address === undefined || (topic !== undefined && !isTopic(topic))) return undefined;
  return topic === undefined ? { address } : { address, topic };
}

/** An entry that another program wrote otherwise still suppresses; its text is then the reason. */
function readStored(about: About, text: string): Suppression {
  return { ...about, ...(parseJson(text, entrySchema) ?? { reason: text, at: 0 }) };
}
