// How many links and tags are counted one by one: what is another one for each message is counted together. Pure.
import type { Kind } from './tally.ts';

/** Of an account in a month: more make statistics slow, and tell nobody anything. */
export const MAX_KEYS = 20_000;

/** What the others of a kind are counted under; kinds that are not here have few. */
export const OTHERS: Readonly<Partial<Record<Kind, string>>> = { link: '0 ', tag: '' };

/** True for a key that may be one too many. */
export function isBounded({ kind, key }: Readonly<{ kind: Kind; key: string }>): boolean {
  return OTHERS[kind] !== undefined && key !== OTHERS[kind];
}
