// Suppression lists: addresses that mail must not go to any more, of an account or of all, by topic, user or sender domain.
import { z } from 'zod';
import { scanHash } from './scan-hash.ts';
import { readPage, type PageWanted, type SuppressionPage } from './suppressions-page.ts';
import { parseJson } from '../lib/json.ts';
import type { Clock } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import type { SettingsStore } from './settings.ts';
import { storeKeys } from './keys.ts';
import { readSuppressions, type Imported } from './suppressions-import.ts';
import { makeAliases, type Aliases } from './suppressions-forgotten.ts';
import { makeWrites, type Place, type Writes } from './suppressions-writes.ts';
import {
  evidenceOf,
  fieldOf,
  isScope,
  readField,
  suppressibleAddress,
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
  /** For who looks into that hash: what holds mail back that is to go to somebody who was forgotten. */
  holdsBack: Aliases['holdsBack'];
  /**
   * Entries of the address stand under a keyed hash from now on, and hold its mail back as before; how many it were. Rejects
   * with RedisTrouble; then the address is still there.
   */
  forget(account: string, address: string): Promise<number>;
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
  /**
   * Adds the lines of a CSV file (address[,reason[,date[,topic]]], with or without a head line). `wrong` are lines that are none;
   * `problems` the first of them.
   */
  importCsv(account: string, text: string): Promise<Imported>;
  /** Forgets entries that have ended, of all lists; resolves to how many. */
  lapse(): Promise<number>;
}>;

export type SuppressionsDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  settings: Pick<SettingsStore, 'latest' | 'refresh'>;
  /** A keyed hash, in the place of addresses that were forgotten. */
  fingerprint(text: string): string;
}>;

/** What every process is given to hear that somebody was forgotten, before the address is no longer there to be found. */
const HEARD_MS = 1500;

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
  const aliases = makeAliases({ ...deps, keys });
  const { stored, find, list } = makeReads(deps, aliases);
  const put = async (account: string, entry: Suppression): Promise<'added' | 'known' | 'invalid'> => {
    const about = placeOf(entry.address, entry);
    if (about === undefined) return 'invalid';
    // Who was forgotten is not named again by what still comes of its mail.
    const old = aliases.of(account, about.address).length > 0 ? await stored(account, about) : undefined;
    if (old !== undefined && old.address !== about.address && old.until === undefined) return 'known';
    return (await writes.addAll(account, [{ ...entry, ...about }])) === 1 ? 'added' : 'known';
  };
  const suppressedAmong = makeLookUp(deps, aliases);
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
      const names = [place.address, ...aliases.of(account, place.address)];
      const gone = await writes.remove(
        account,
        names.map((name) => ({ ...place, address: name })),
      );
      return gone > 0 ? 'removed' : 'missing';
    },
    holdsBack: aliases.holdsBack,
    forget: (account, address) => forget({ deps, writes, aliases, find }, account, address),
    show: async (account, address, about) => {
      const place = placeOf(address, scopeOf(about));
      return place && stored(account, place);
    },
    find,
    list,
    page: (account, wanted) => {
      const read = (field: string, text: string): Suppression => readStored(readField(field), text);
      const key = keys.suppressed(account);
      const stands = (entry: Suppression): boolean => isStanding(entry, clock);
      return readPage({ redis, key, all: () => list(account), read, stands }, wanted);
    },
    importCsv: async (account, text) => {
      const { entries, wrong, problems } = await readSuppressions(text, clock.now());
      const added = await writes.addAll(account, entries);
      return { added, known: entries.length - added, wrong, problems };
    },
    lapse: writes.lapse,
  };
}

type Reads = Pick<Suppressions, 'find' | 'list'> &
  Readonly<{
    /** The entry of an address, or the one that stands for it since it was forgotten. */
    stored(account: string, place: Place): Promise<Suppression | undefined>;
  }>;

function makeReads({ redis, prefix, clock }: SuppressionsDeps, aliases: Aliases): Reads {
  const keys = storeKeys(prefix);
  const stands = (entry: Suppression): boolean => isStanding(entry, clock);
  const stored = async (account: string, { address, ...scope }: Place): Promise<Suppression | undefined> => {
    for (const name of [address, ...aliases.of(account, address)]) {
      const place = { address: name, ...scope };
      const text = await redis.call('HGET', keys.suppressed(account), fieldOf(place));
      const entry = typeof text === 'string' ? readStored(place, text) : undefined;
      if (entry && stands(entry)) return entry;
    }
    return undefined;
  };
  const list = async function* (account: string): AsyncGenerator<Suppression> {
    for await (const entry of scan(redis, keys.suppressed(account))) if (stands(entry)) yield entry;
  };
  const find = async (account: string, address: string): Promise<readonly Suppression[]> => {
    const clean = suppressibleAddress(address);
    const names = clean === undefined ? [] : [clean, ...aliases.of(account, clean)];
    const found: Suppression[] = [];
    for await (const entry of list(account)) if (names.includes(entry.address)) found.push(entry);
    return found;
  };
  return { stored, list, find };
}

type Forgetting = Readonly<{ deps: SuppressionsDeps; writes: Writes; aliases: Aliases }> &
  Pick<Reads, 'find'>;

async function forget(
  { deps: { clock }, writes, aliases, find }: Forgetting,
  account: string,
  address: string,
): Promise<number> {
  const clean = suppressibleAddress(address);
  const named = (await find(account, address)).filter((entry) => entry.address === clean);
  if (named.length === 0) return 0;
  await writes.addAll(
    account,
    named.map((entry) => aliases.entry(account, entry)),
  );
  // Also where somebody was forgotten before: others may not have heard of that one yet either.
  await clock.sleep(HEARD_MS);
  await writes.remove(account, named);
  return named.length;
}

/** Looks addresses up in the lists of the account and of the installation, as far as there are any. */
function makeLookUp(
  { redis, prefix, settings, clock }: SuppressionsDeps,
  aliases: Aliases,
): Suppressions['suppressedAmong'] {
  const keys = storeKeys(prefix);
  /** Those that have a standing entry in one list. */
  const among = async (
    account: string,
    lower: readonly string[],
    scope: Scope,
  ): Promise<readonly string[]> => {
    const fields = lower.map((address) =>
      [address, ...aliases.of(account, address)].flatMap((name) => fieldsOf(name, scope)),
    );
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

async function* scan(redis: Redis, key: string): AsyncGenerator<Suppression> {
  for await (const [field, text] of scanHash(redis, key)) yield readStored(readField(field), text);
}

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

/** An entry that another program wrote otherwise still suppresses; its text is then the reason. */
function readStored(place: Place, text: string): Suppression {
  const { reason, at, until, ...evidence } = parseJson(text, entrySchema) ?? { reason: text, at: 0 };
  return { ...place, reason, at, ...(until === undefined ? {} : { until }), ...evidenceOf(evidence) };
}
