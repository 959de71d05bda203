// Changes of suppression lists: entries added, removed, and forgotten once they have ended.
import { textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import { loadScript, type Redis } from '../lib/script.ts';
import type { SettingsStore } from './settings.ts';
import { storeKeys } from './keys.ts';
import { evidenceOf, fieldOf, type Scope, type Suppression } from './suppressions-csv.ts';

/** Where an entry stands: an address and its scope. */
export type Place = Scope & Readonly<{ address: string }>;

type WritesDeps = Readonly<{
  redis: Redis;
  prefix: string;
  clock: Clock;
  settings: Pick<SettingsStore, 'refresh'>;
}>;

const BATCH = 500;
const suppressScript = loadScript(new URL('./scripts/suppress-4.lua', import.meta.url));
const unsuppressScript = loadScript(new URL('./scripts/unsuppress-3.lua', import.meta.url));
const lapseScript = loadScript(new URL('./scripts/lapse-4.lua', import.meta.url));

export type Writes = Readonly<{
  /** Resolves to how many were new. */
  addAll(account: string, entries: readonly Suppression[]): Promise<number>;
  /** Resolves to how many were there. */
  remove(account: string, places: readonly Place[]): Promise<number>;
  lapse(): Promise<number>;
}>;

export function makeWrites({ redis, prefix, settings, clock }: WritesDeps): Writes {
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
    remove: async (account, places) => {
      const names = [keys.suppressed(account), suppressing, revision];
      const fields = places.map(fieldOf);
      const removed = await redis.run(unsuppressScript, names, [changed, account, ...fields]);
      // When one ends that is gone means nothing, but names the address.
      if (fields.length > 0) await redis.call('ZREM', ends, ...fields.map((field) => `${account}\0${field}`));
      await refresh();
      return Number(removed);
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

/** Field, entry and end, as the script takes them. */
function storedOf(entry: Suppression): readonly [string, string, number | string] {
  const { reason, at } = entry;
  const until = entry.until === undefined ? undefined : Math.round(entry.until);
  return [fieldOf(entry), JSON.stringify({ reason, at, until, ...evidenceOf(entry) }), until ?? ''];
}
