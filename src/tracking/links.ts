// The sending half: what compose writes into a letter instead of a link, as its pixel, and into List-Unsubscribe.
import type { Clock } from '../lib/clock.ts';
import { costOf, makeAllowance, type Allowance } from './allowance.ts';
import type { Admit, Facts, Kept } from './facts.ts';
import { safeTarget } from './target.ts';
import type { Tokens } from './token.ts';

/**
 * Keeps a text under a key for so long, and says how many bytes the account kept on that day. Rejects when it cannot; the same
 * again is no harm.
 */
export type Keep = (
  keeping: Kept & Readonly<{ account: string; ttlMs: number; day: number; cost: number }>,
) => Promise<number>;

/** The addresses of one letter. A retry gets the same, as long as there is room for what is too long. */
export type Links = Readonly<{
  /**
   * The tracked form of a link; the link itself when it leads to unsubscribe, or nowhere that we redirect to, or is too long
   * and cannot be kept. `link` is its number in the letter.
   */
  click(link: number, target: string): string;
  /** Address of the pixel. */
  open(): string;
  /** Address to unsubscribe, for GET (a page) and for POST (RFC 8058). */
  unsubscribe(): string;
  /** The same as a bare token, for the subject of a mailto: address. */
  unsubscribeToken(): string;
  /** Stores what was too long for the links made so far; they work only after it. Rejects when it cannot: try later. */
  settle(): Promise<void>;
  /** Sentences on what had to be left out, for the events. */
  notes(): readonly string[];
}>;

export type LinkerDeps = Readonly<{
  tokens: Tokens;
  keep: Keep;
  /** How long links work. */
  expireMs: number;
  clock: Pick<Clock, 'now'>;
}>;

const WHY = 'too long for a link, and the account has stored all that it may for links today.';
const LEFT_OUT: Readonly<Record<Parameters<Admit>[1], string>> = {
  target: `Some links were not tracked: their targets are ${WHY}`,
  details: `Opens, clicks and unsubscribing will not tell tags and metadata: they are ${WHY}`,
  topics: `The page to unsubscribe offers no topics: their names are ${WHY}`,
};

/** Makes the links of letters; `base` is scheme and host, such as "https://click.shop.example". */
export function makeLinker({
  tokens,
  keep,
  expireMs,
  clock,
}: LinkerDeps): (facts: Facts, base: string) => Links {
  const allowance = makeAllowance(clock);
  const store = storing({ keep, allowance, expireMs });
  return (facts, base) => {
    const notes = new Set<string>();
    const sealed = tokens.seal(facts, (kept, what) => {
      const isAdmitted = allowance.take(facts.account, kept);
      if (!isAdmitted) notes.add(LEFT_OUT[what]);
      return isAdmitted;
    });
    const root = `${base.replace(/\/+$/, '')}/t`;
    return {
      click: (link, target) => {
        const isOurs = target.startsWith(`${root}/u/`); // a template wrote it where it liked
        if (isOurs || safeTarget(target) === undefined) return target;
        const token = sealed.click(link, target);
        return token === undefined ? target : `${root}/c/${token}`;
      },
      open: () => `${root}/o/${sealed.open()}.gif`,
      unsubscribe: () => `${root}/u/${sealed.unsubscribe()}`,
      unsubscribeToken: () => sealed.unsubscribe(),
      settle: async () => {
        await Promise.all(sealed.kept().map((kept) => store(facts.account, kept)));
      },
      notes: () => [...notes],
    };
  };
}

function storing({
  keep,
  allowance,
  expireMs,
}: Pick<LinkerDeps, 'keep' | 'expireMs'> & Readonly<{ allowance: Allowance }>) {
  return async (account: string, kept: Kept): Promise<void> => {
    const day = allowance.day();
    try {
      const used = await keep({ ...kept, account, ttlMs: expireMs, day, cost: costOf(kept) });
      allowance.stored(account, kept, day, used);
    } catch (error) {
      allowance.failed(account, kept);
      throw error;
    }
  };
}
