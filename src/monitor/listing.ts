// What is known of one address at one block list: a first positive waits for its confirmation, an entry for clean checks. Pure.
import type { EpochMs } from '../lib/clock.ts';
import type { Verdict } from './dnsbl.ts';

export type Listing = Readonly<{
  address: string;
  list: string;
  zone: string;
  /** When it was last asked, and what it said. */
  at: EpochMs;
  last: Verdict;
  /** A positive that is yet to be confirmed: when it was seen, and when it is asked for the next time. */
  pending?: Readonly<{ since: EpochMs; confirmAt: EpochMs }>;
  /** A confirmed entry. */
  listed?: Readonly<{
    since: EpochMs;
    act: 'quarantine' | 'warn';
    codes: readonly string[];
    /** Clean checks in a row. */
    clean: number;
  }>;
}>;

export type ListingRules = Readonly<{
  confirmAfterMs: number;
  /** Clean checks in a row after which an entry is over. */
  cleanChecks: number;
}>;

/** After one of the regular checks. */
export function afterCheck(
  before: Listing | undefined,
  seen: Pick<Listing, 'address' | 'list' | 'zone' | 'at' | 'last'>,
  rules: ListingRules,
): Listing {
  const { pending, listed } = before ?? {};
  if (listed) return { ...seen, ...afterListed(listed, seen.last, rules) };
  switch (seen.last.kind) {
    case 'clean':
      return seen;
    case 'unknown':
      return pending ? { ...seen, pending } : seen;
    case 'listed':
      return { ...seen, pending: pending ?? { since: seen.at, confirmAt: seen.at + rules.confirmAfterMs } };
  }
}

function afterListed(
  listed: NonNullable<Listing['listed']>,
  verdict: Verdict,
  { cleanChecks }: ListingRules,
): Pick<Listing, 'listed'> {
  switch (verdict.kind) {
    case 'unknown':
      return { listed };
    case 'listed':
      return { listed: { ...listed, act: verdict.act, codes: verdict.codes, clean: 0 } };
    case 'clean':
      return listed.clean + 1 >= cleanChecks ? {} : { listed: { ...listed, clean: listed.clean + 1 } };
  }
}

/** After a second resolver was asked: it confirms, denies, or knows nothing and is asked again later. */
export function afterConfirmation(
  before: Listing,
  verdict: Verdict,
  at: EpochMs,
  rules: ListingRules,
): Listing {
  const { pending, ...rest } = before;
  if (!pending) return before;
  switch (verdict.kind) {
    case 'clean':
      return { ...rest, at, last: verdict };
    case 'unknown':
      return { ...before, pending: { ...pending, confirmAt: at + rules.confirmAfterMs } };
    case 'listed':
      return {
        ...rest,
        at,
        last: verdict,
        listed: { since: at, act: verdict.act, codes: verdict.codes, clean: 0 },
      };
  }
}

/** "192.0.2.1 is listed by Spamhaus ZEN (127.0.0.2)". */
export function sayListing({ address, list, listed }: Listing): string {
  return `${address} is listed by ${list}${listed ? ` (${listed.codes.join(', ')})` : ''}`;
}
