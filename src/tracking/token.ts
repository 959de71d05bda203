// Tokens of links, pixels and unsubscribe addresses: sealed and self-contained, the same for the same letter. Pure.
import { timeOfId } from '../lib/ids.ts';
import type { EpochMs } from '../lib/clock.ts';
import { makeReader, packNumber, type Reader } from './bytes.ts';
import {
  HEADER_ROOM,
  LINK_ROOM,
  packChoice,
  packSubject,
  packTarget,
  packWho,
  readChoice,
  readSubject,
  readTarget,
  type Admit,
  type Choice,
  type Facts,
  type Kept,
  type Packed,
  type Stored,
  type Subject,
} from './facts.ts';
import { makeSealing, periodOf, type Kind } from './sealing.ts';

/** A delivery whose facts were packed once, so that a link costs little. */
export type SealedDelivery = Readonly<{
  /** `link` is its number in the letter. Undefined: the target is too long, and there is no room to keep it. */
  click(link: number, target: string): string | undefined;
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
  /** `admit` is asked before a token names what it does not hold. Throws when the delivery's id is not one of ours. */
  seal(facts: Facts, admit?: Admit): SealedDelivery;
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
    seal: (facts, admit = () => true) => {
      const period = periodOf(timeOfId(facts.delivery) ?? 0);
      const who = packWho(facts);
      let packed: Packed | undefined;
      const inLinks = (): Packed => (packed ??= packSubject(who, facts, LINK_ROOM, admit));
      const kept = new Map<string, Kept>();
      const seal = (kind: Kind, parts: readonly Packed[]): string => {
        for (const one of parts.flatMap((part) => part.kept)) kept.set(one.key, one);
        return sealing.seal(kind, period, Buffer.concat(parts.map(({ bytes }) => bytes)));
      };
      return {
        click: (link, target) => {
          const end = packTarget(target, admit);
          return end && seal('click', [inLinks(), { bytes: packNumber(link), kept: [] }, end]);
        },
        open: () => seal('open', [inLinks()]),
        unsubscribe: () =>
          seal('unsubscribe', [packSubject(who, facts, HEADER_ROOM, admit), packChoice(facts, admit)]),
        kept: () => [...kept.values()],
      };
    },
    openClick: (token) =>
      open('click', token, (reader) => ({ link: reader.number(), target: readTarget(reader) })),
    openPixel: (token) => open('open', token, () => ({})),
    openUnsubscribe: (token) => open('unsubscribe', token, readChoice),
  };
}
