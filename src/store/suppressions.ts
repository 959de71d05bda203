// Suppression lists: addresses that mail must not go to any more, of an account or of all, by topic, user or sender domain.
import { z } from 'zod';
import { scanHash } from './scan-hash.ts';
import { readPage, type PageWanted, type SuppressionPage } from './suppressions-page.ts';
import { parseJson } from '../lib/json.ts';
import { textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import type { SettingsStore } from './settings.ts';
import { storeKeys } from './keys.ts';
import {
  evidenceOf,
  fieldOf,
  isScope,
  readField,
  readSuppressionsCsv,
  suppressibleAddress,
  type CsvProblem,
  type Scope,
  type Suppression,
} from './suppressions-csv.ts';

/** A topic, or a scope of any kind. */
export type About = string | Scope | undefined;

export type Suppressions = Readonly<{
  /**
   * All mail to the address, or that of any of topic, user and sender domain. Costs nothing for an account without
   * suppressions. Rejects with RedisTrouble when it has to ask.
   */
  isSuppressed(account: string, address: string, about?: About): Promise<boolean>;
  /** Those of the addresses (in lower case) that are suppressed so. Rejects with RedisTrouble. */
  suppressedAmong(account: string, addresses: readonly string[], about?: About): Promise<ReadonlySet<string>>;
  /** The hash to look recipients of this account up in (see `fieldOf`); "" when it has no suppressions. */
  hashOf(account: string): string;
  /**
   * From now on no mail, or none of the topic. 'invalid' when `address` is no address or `topic` no topic. An entry that is
   * there keeps its first reason and date.
   */
  add(
    account: string,
    address: string,
    reason: string,
    about?: About,
  ): Promise<'added' | 'known' | 'invalid'>;
  /** The same with expiry and evidence. One that ends later than the entry that is there takes its place. */
  put(account: string, entry: Suppression): Promise<'added' | 'known' | 'invalid'>;
  /** Takes back one entry: without a scope that for all mail, and what the address left by topic stays. */
  remove(account: string, address: string, about?: About): Promise<'removed' | 'missing' | 'invalid'>;
  /** One entry, with its reason and date. */
  show(account: string, address: string, about?: About): Promise<Suppression | undefined>;
  /** All entries of an address in whatever scope. Looks through the whole list. */
  find(account: string, address: string): Promise<readonly Suppression[]>;
  /** All of them in no order, a few hundred at a time; those that have ended are none. */
  list(account: string): AsyncGenerator<Suppression>;
  /** A page of the list; `next` goes on from there. */
  page(account: string, page: PageWanted): Promise<SuppressionPage>;
  /** Adds the lines of a CSV file (address[,reason[,date[,topic]]], with or without a head line). */
  importCsv(
    account: string,
    text: string,
  ): Promise<Readonly<{ added: number; known: number; problems: readonly CsvProblem[] }>>;
  /** Forgets entries that have ended, of all lists; resolves to how many. */
  lapse(): Promise<number>;
}>;

export type SuppressionsDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  settings: Pick<SettingsStore, 'latest' | 'refresh'>;
}>;

const BATCH = 500;
const suppressScript = loadScript(new URL('./scripts/suppress-4.lua', import.meta.url));
const unsuppressScript = loadScript(new URL('./scripts/unsuppress-3.lua', import.meta.url));
const lapseScript = loadScript(new URL('./scripts/lapse-4.lua', import.meta.url));
const entrySchema = z.object({
  reason: z.string(),
  at: z.number(),
  until: z.number().optional(),
  reply: z.string().optional(),
  delivery: z.string().optional(),
  report: z.string().optional(),
});

/** Opens the suppression lists. */
export function openSuppressions(deps: SuppressionsDeps): Suppressions {
  const { redis, settings, clock } = deps;
  const keys = storeKeys(deps.prefix);
  const writes = makeWrites(deps);
  const stands = (entry: Suppression): boolean => isStanding(entry, clock);
  const put = async (account: string, entry: Suppression): Promise<'added' | 'known' | 'invalid'> => {
    const about = placeOf(entry.address, entry);
    if (about === undefined) return 'invalid';
    return (await writes.addAll(account, [{ ...entry, ...about }])) === 1 ? 'added' : 'known';
  };
  const list = async function* (account: string): AsyncGenerator<Suppression> {
    for await (const entry of scan(redis, keys.suppressed(account))) if (stands(entry)) yield entry;
  };
  const suppressedAmong = makeLookUp(deps);
  return {
    isSuppressed: async (account, address, about) =>
      (await suppressedAmong(account, [address], about)).size > 0,
    suppressedAmong,
    hashOf: (account) => (hasList(settings, account) ? keys.suppressed(account) : ''),
    add: (account, address, reason, about) =>
      put(account, { address, reason, at: clock.now(), ...scopeOf(about) }),
    put,
    remove: async (account, address, about) => {
      const place = placeOf(address, scopeOf(about));
      if (place === undefined) return 'invalid';
      return (await writes.removeOne(account, place)) ? 'removed' : 'missing';
    },
    show: async (account, address, about) => {
      const place = placeOf(address, scopeOf(about));
      const text = place && (await redis.call('HGET', keys.suppressed(account), fieldOf(place)));
      const entry = place && typeof text === 'string' ? readStored(place, text) : undefined;
      return entry && stands(entry) ? entry : undefined;
    },
    find: async (account, address) => {
      const clean = suppressibleAddress(address);
      const found: Suppression[] = [];
      for await (const entry of list(account)) if (entry.address === clean) found.push(entry);
      return found;
    },
    list,
    page: (account, wanted) => {
      const read = (field: string, text: string): Suppression => readStored(readField(field), text);
      const key = keys.suppressed(account);
      return readPage({ redis, key, all: () => list(account), read, stands }, wanted);
    },
    importCsv: async (account, text) => {
      const { entries, problems } = readSuppressionsCsv(text, clock.now());
      const added = await writes.addAll(account, entries);
      return { added, known: entries.length - added, problems };
    },
    lapse: writes.lapse,
  };
}

/** Looks addresses up in the lists of the account and of the installation, as far as there are any. */
function makeLookUp({ redis, prefix, settings, clock }: SuppressionsDeps): Suppressions['suppressedAmong'] {
  const keys = storeKeys(prefix);
  /** Those that have a standing entry in one list. */
  const among = async (
    account: string,
    lower: readonly string[],
    scope: Scope,
  ): Promise<readonly string[]> => {
    const fields = lower.map((address) => fieldsOf(address, scope));
    const found = await redis.call('HMGET', keys.suppressed(account), ...fields.flat());
    const texts: unknown[] = Array.isArray(found) ? found : [];
    const width = fields[0]?.length ?? 1;
    return lower.filter((address, n) =>
      texts
        .slice(n * width, (n + 1) * width)
        .some((text) => typeof text === 'string' && isStanding(readStored({ address }, text), clock)),
    );
  };
  return async (account, addresses, about) => {
    const lower = [...new Set(addresses.map((address) => address.toLowerCase()))];
    const lists = [EVERYWHERE, account].filter((one) => hasList(settings, one));
    const found = await Promise.all(
      lists.map((one) => among(one, lower, one === EVERYWHERE ? {} : scopeOf(about))),
    );
    return new Set(found.flat());
  };
}

function hasList(settings: SuppressionsDeps['settings'], account: string): boolean {
  return settings.latest()?.suppressing.has(account) ?? true;
}

function isStanding({ until }: Suppression, clock: Clock): boolean {
  return until === undefined || until > clock.now();
}

type Writes = Readonly<{
  /** Resolves to how many were new. */
  addAll(account: string, entries: readonly Suppression[]): Promise<number>;
  removeOne(account: string, place: Place): Promise<boolean>;
  lapse(): Promise<number>;
}>;

function makeWrites({ redis, prefix, settings, clock }: SuppressionsDeps): Writes {
  const keys = storeKeys(prefix);
  const { suppressing, revision, changed, suppressionEnds: ends } = keys;
  const refresh = (): Promise<unknown> => settings.refresh().catch(() => undefined); // the channel brings it, too
  return {
    addAll: async (account, entries) => {
      const names = [keys.suppressed(account), suppressing, revision, ends];
      let added = 0;
      for (let i = 0; i < entries.length; i += BATCH) {
        const triples = entries.slice(i, i + BATCH).flatMap(storedOf);
        added += Number(await redis.run(suppressScript, names, [changed, account, clock.now(), ...triples]));
      }
      await refresh();
      return added;
    },
    removeOne: async (account, place) => {
      const names = [keys.suppressed(account), suppressing, revision];
      const removed = await redis.run(unsuppressScript, names, [changed, account, fieldOf(place)]);
      await refresh();
      return removed === 1;
    },
    lapse: async () => {
      const now = clock.now();
      let lapsed = 0;
      for (let found = BATCH; found === BATCH;) {
        const members = textsIn(await redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, BATCH));
        found = members.length;
        for (const member of members) {
          const cut = member.indexOf('\0');
          const account = member.slice(0, cut);
          const names = [keys.suppressed(account), suppressing, revision, ends];
          lapsed += Number(
            await redis.run(lapseScript, names, [changed, account, now, member.slice(cut + 1)]),
          );
        }
      }
      return lapsed;
    },
  };
}

async function* scan(redis: Redis, key: string): AsyncGenerator<Suppression> {
  for await (const [field, text] of scanHash(redis, key)) yield readStored(readField(field), text);
}

/** Where an entry stands: an address and its scope. */
type Place = Scope & Readonly<{ address: string }>;

function scopeOf(about: About): Scope {
  return typeof about === 'string' ? { topic: about } : (about ?? {});
}

function placeOf(text: string, { topic, user, domain }: Scope): Place | undefined {
  const address = suppressibleAddress(text);
  const scope = {
    ...(topic === undefined ? {} : { topic }),
    ...(user === undefined ? {} : { user }),
    ...(domain === undefined ? {} : { domain }),
  };
  return address === undefined || !isScope(scope) ? undefined : { address, ...scope };
}

/** All fields that hold back mail of this topic, user and sender domain. */
function fieldsOf(address: string, { topic, user, domain }: Scope): readonly string[] {
  const places: readonly Place[] = [
    { address },
    ...(topic === undefined ? [] : [{ address, topic }]),
    ...(user === undefined ? [] : [{ address, user }]),
    ...(domain === undefined ? [] : [{ address, domain }]),
  ];
  return places.map(fieldOf);
}

/** Field, entry and end, as the script takes them. */
function storedOf(entry: Suppression): readonly [string, string, number | string] {
  const { reason, at } = entry;
  const until = entry.until === undefined ? undefined : Math.round(entry.until);
  return [fieldOf(entry), JSON.stringify({ reason, at, until, ...evidenceOf(entry) }), until ?? ''];
}

/** An entry that another program wrote otherwise still suppresses; its text is then the reason. */
function readStored(place: Place, text: string): Suppression {
  const { reason, at, until, ...evidence } = parseJson(text, entrySchema) ?? { reason: text, at: 0 };
  return { ...place, reason, at, ...(until === undefined ? {} : { until }), ...evidenceOf(evidence) };
}
