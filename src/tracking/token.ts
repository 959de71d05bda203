// Tokens of links, pixels and unsubscribe addresses: sealed and self-contained, the same for the same letter. Pure.
import { timeOfId } from '../lib/ids.ts';
import type { EpochMs } from '../lib/clock.ts';
import { makeReader, packNumber, type Reader } from './bytes.ts';
import {
  packChoice,
  packSubject,
  packTarget,
  readChoice,
  readSubject,
  readTarget,
  type Choice,
  type Facts,
  type Kept,
  type Stored,
  type Subject,
} from './facts.ts';
import { makeSealing, periodOf, type Kind } from './sealing.ts';

/** A delivery whose facts were packed once, so that a link costs little. */
export type SealedDelivery = Readonly<{
  /** `link` is its number in the letter. */
  click(link: number, target: string): string;
  open(): string;
  unsubscribe(): string;
  /** What the tokens made so far name and do not hold: they work only once it is stored. */
  kept(): readonly Kept[];
}>;

/** `at` is when the message was accepted. */
export type Opened = Subject & Readonly<{ at: EpochMs }>;
export type OpenedClick = Opened & Readonly<{ link: number; target: string | Stored }>;
export type OpenedUnsubscribe = Opened & Choice;

/** Whatever was not sealed here opens as undefined; how old a token may be is for others to say. */
export type Tokens = Readonly<{
  /** Throws when the delivery's id is not one of ours. */
  seal(facts: Facts): SealedDelivery;
  openClick(token: string): OpenedClick | undefined;
  openPixel(token: string): Opened | undefined;
  openUnsubscribe(token: string): OpenedUnsubscribe | undefined;
}>;

/** Tokens under a secret of the installation. Each 30 days have keys of their own, found again by a number in the token. */
export function makeTokens(masterSecret: Buffer): Tokens {
  const sealing = makeSealing(masterSecret);
  const open = <T>(kind: Kind, token: string, read: (reader: Reader) => T): (Opened & T) | undefined => {
    const found = sealing.open(kind, token);
    if (!found) return undefined;
    const reader = makeReader(found.plain);
    const subject = readSubject(reader);
    const more = read(reader);
    const at = timeOfId(subject.delivery);
    if (!reader.ok() || at === undefined || periodOf(at) !== found.period) return undefined;
    return { ...subject, ...more, at };
  };
  return {
    seal: (facts) => {
      const subject = packSubject(facts);
      const period = periodOf(timeOfId(facts.delivery) ?? 0);
      const kept = new Map(subject.kept.map((one) => [one.key, one]));
      const seal = (kind: Kind, pieces: readonly Buffer[], more: readonly Kept[]): string => {
        for (const one of more) kept.set(one.key, one);
        return sealing.seal(kind, period, Buffer.concat([subject.bytes, ...pieces]));
      };
      return {
        click: (link, target) => {
          const packed = packTarget(target);
          return seal('click', [packNumber(link), packed.bytes], packed.kept);
        },
        open: () => seal('open', [], []),
        unsubscribe: () => {
          const packed = packChoice(facts);
          return seal('unsubscribe', [packed.bytes], packed.kept);
        },
        kept: () => [...kept.values()],
      };
    },
    openClick: (token) =>
      open('click', token, (reader) => ({ link: reader.number(), target: readTarget(reader) })),
    openPixel: (token) => open('open', token, () => ({})),
    openUnsubscribe: (token) => open('unsubscribe', token, readChoice),
  };
}
