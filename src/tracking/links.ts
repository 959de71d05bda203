// The sending half: what compose writes into a letter instead of a link, as its pixel, and into List-Unsubscribe.
import type { Facts } from './facts.ts';
import { safeTarget } from './target.ts';
import type { Tokens } from './token.ts';

/** Keeps a text under a key for so long. Rejects when it cannot; the same again is no harm. */
export type Keep = (key: string, text: string, ttlMs: number) => Promise<void>;

/** The addresses of one letter. All but `settle` are pure: a retry gets the same. */
export type Links = Readonly<{
  /** The tracked form of a link; the link itself when it leads to unsubscribe, or nowhere that we redirect to. `link` is its number in the letter. */
  click(link: number, target: string): string;
  /** Address of the pixel. */
  open(): string;
  /** Address to unsubscribe, for GET (a page) and for POST (RFC 8058). */
  unsubscribe(): string;
  /** The same as a bare token, for the subject of a mailto: address. */
  unsubscribeToken(): string;
  /** Stores what was too long for the links made so far; they work only after it. Rejects when it cannot: try later. */
  settle(): Promise<void>;
}>;

export type LinkerDeps = Readonly<{
  tokens: Tokens;
  keep: Keep;
  /** How long links work. */
  expireMs: number;
}>;

/** Makes the links of letters; `base` is scheme and host, such as "https://click.shop.example". */
export function makeLinker({ tokens, keep, expireMs }: LinkerDeps): (facts: Facts, base: string) => Links {
  return (facts, base) => {
    const sealed = tokens.seal(facts);
    const root = `${base.replace(/\/+$/, '')}/t`;
    return {
      click: (link, target) => {
        const isOurs = target.startsWith(`${root}/u/`); // a template wrote it where it liked
        return isOurs || safeTarget(target) === undefined
          ? target
          : `${root}/c/${sealed.click(link, target)}`;
      },
      open: () => `${root}/o/${sealed.open()}.gif`,
      unsubscribe: () => `${root}/u/${sealed.unsubscribe()}`,
      unsubscribeToken: () => sealed.unsubscribe(),
      settle: async () => {
        await Promise.all(sealed.kept().map(({ key, text }) => keep(key, text, expireMs)));
      },
    };
  };
}
