// The receiving half of links and pixels: a token becomes an address to go to, and a hit to write down.
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Hit, Visitor } from './hit.ts';
import type { Find } from './recorder.ts';
import { safeTarget } from './target.ts';
import type { OpenedClick, Tokens } from './token.ts';

/** unknown: no link of ours · gone: older than links work · later: its target is in the store, which does not answer. */
export type ClickAnswer =
  | Readonly<{ kind: 'go'; location: string }>
  | Readonly<{ kind: 'unknown' | 'gone' | 'later' }>;

export type ClicksDeps = Readonly<{
  tokens: Tokens;
  find: Find;
  record(hit: Hit): void;
  /** True when this account's links may be at that host: else one sender could lead people astray in another's name. */
  mayUse(host: string, account: string): boolean;
  clock: Clock;
  /** How long links work after the message was accepted, milliseconds. */
  expireMs: number;
}>;

export type Clicks = Readonly<{
  /** Where the link leads, asked at `host`; answered at once unless its target had to be kept elsewhere. Never rejects. */
  click(token: string, host: string, visitor: Visitor): ClickAnswer | Promise<ClickAnswer>;
  /** Notes an open; what is no token of ours, or too old, is passed over. */
  open(token: string, visitor: Visitor): void;
}>;

const UNKNOWN = { kind: 'unknown' } as const;

/** Makes the answers to links and pixels. */
export function makeClicks({ tokens, find, record, mayUse, clock, expireMs }: ClicksDeps): Clicks {
  const go = (opened: OpenedClick, target: string, visitor: Visitor): ClickAnswer => {
    // Looked at again: a rule may be stricter now than when the link was made.
    const location = safeTarget(target);
    if (location === undefined) return UNKNOWN;
    record({ type: 'clicked', at: clock.now(), subject: opened, visitor, link: opened.link, url: target });
    return { kind: 'go', location };
  };
  return {
    click: (token, host, visitor) => {
      const opened = tokens.openClick(token);
      if (!opened || !mayUse(host, opened.account)) return UNKNOWN;
      if (isOver(opened, clock.now(), expireMs)) return { kind: 'gone' };
      const { target } = opened;
      if (typeof target === 'string') return go(opened, target, visitor);
      return find(target.stored).then(
        (text): ClickAnswer => (text === undefined ? { kind: 'gone' } : go(opened, text, visitor)),
        (): ClickAnswer => ({ kind: 'later' }),
      );
    },
    open: (token, visitor) => {
      const subject = tokens.openPixel(token);
      if (!subject || isOver(subject, clock.now(), expireMs)) return;
      record({ type: 'opened', at: clock.now(), subject, visitor });
    },
  };
}

/** True for a token of a message that was accepted too long ago. */
export function isOver(opened: Readonly<{ at: EpochMs }>, now: EpochMs, expireMs: number): boolean {
  return opened.at + expireMs < now;
}
