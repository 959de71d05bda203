// Asks the block lists for our addresses, and asks a second time before a positive counts.
import type { Clock } from '../lib/clock.ts';
import type { Ask } from './answer.ts';
import type { Blocklist } from './blocklists.ts';
import { familyOf, questionFor, TEST_ENTRIES, troubleOf, verdictOf, type Verdict } from './dnsbl.ts';
import { afterCheck, afterConfirmation, type Listing, type ListingRules } from './listing.ts';

/** Asks one list for one address; undefined when it does not list such addresses. */
export type LookUp = (address: string, list: Blocklist) => Promise<Verdict | undefined>;

/**
 * One round of questions to one resolver. Each list is asked for its own test entries first, once per round: one that
 * does not work, or lists everything, says nothing.
 */
export function makeRound(ask: Pick<Ask, 'a'>): LookUp {
  const troubles = new Map<string, Promise<string | undefined>>();
  const troubleWith = (list: Blocklist, family: 'ipv4' | 'ipv6'): Promise<string | undefined> => {
    const key = `${family} ${list.zone}`;
    const known = troubles.get(key) ?? askTestEntries(ask, list, family);
    troubles.set(key, known);
    return known;
  };
  return async (address, list) => {
    const name = questionFor(address, list);
    if (name === undefined) return undefined;
    const trouble = await troubleWith(list, familyOf(address));
    return trouble === undefined ? verdictOf(await ask.a(name), list) : { kind: 'unknown', why: trouble };
  };
}

async function askTestEntries(
  ask: Pick<Ask, 'a'>,
  list: Blocklist,
  family: 'ipv4' | 'ipv6',
): Promise<string | undefined> {
  const { listed, clean } = TEST_ENTRIES[family];
  const names = { listed: questionFor(listed, list) ?? '', clean: questionFor(clean, list) ?? '' };
  const [isListed, isClean] = await Promise.all([ask.a(names.listed), ask.a(names.clean)]);
  return troubleOf({ listed: isListed, clean: isClean });
}

/** What is looked up, how, and what follows from it. */
type Look = Readonly<{ lists: readonly Blocklist[]; lookUp: LookUp; clock: Clock; rules: ListingRules }>;

/** All lists for these addresses, from what was known before; entries of other addresses and lists are forgotten. */
export async function checkLists(
  addresses: readonly string[],
  before: readonly Listing[],
  { lists, lookUp, clock, rules }: Look,
): Promise<readonly Listing[]> {
  const pairs = addresses.flatMap((address) => lists.map((list) => ({ address, list })));
  const checked = await Promise.all(
    pairs.map(async ({ address, list }) => {
      const last = await lookUp(address, list);
      if (!last) return undefined;
      const known = before.find((one) => one.address === address && one.zone === list.zone);
      const seen = { address, list: list.name, zone: list.zone, at: clock.now(), last };
      return afterCheck(known, seen, rules);
    }),
  );
  return checked.filter((one) => one !== undefined);
}

/** Positives whose time to be confirmed has come are asked for again. */
export async function confirmLists(
  before: readonly Listing[],
  { lists, lookUp, clock, rules }: Look,
): Promise<readonly Listing[]> {
  return Promise.all(
    before.map(async (listing) => {
      const list = lists.find(({ zone }) => zone === listing.zone);
      if (!list || !listing.pending || clock.now() < listing.pending.confirmAt) return listing;
      const verdict = await lookUp(listing.address, list);
      return verdict ? afterConfirmation(listing, verdict, clock.now(), rules) : listing;
    }),
  );
}
