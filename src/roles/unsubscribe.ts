// Orders to unsubscribe, as the page, one-click and mail give them: done at once, or on disk until Redis is back.
import { join } from 'node:path';
import { makeAppend } from '../tracking/append.ts';
import { openSpool } from '../tracking/spool.ts';
import { makeUnsubscribe, type Unsubscribe } from '../tracking/unsubscribe.ts';
import type { Base } from './base.ts';

export type Orders = Readonly<{
  unsubscribe: Unsubscribe;
  /** Why orders wait on disk; undefined when none do. */
  trouble(): string | undefined;
  /** Ends the look at what waits on disk; the next start takes it up. */
  stop(): void;
}>;

const DRAIN_MS = 5000;

/** Takes up what waits on disk, and looks at it again now and then. */
export function openUnsubscribe(base: Base): Orders {
  const { config, clock, tokens, links, suppressions } = base;
  const { expire: expireMs, addresses } = config.tracking;
  const unsubscribe = makeUnsubscribe({
    tokens,
    list: suppressions,
    find: links.find,
    append: makeAppend(base.asking, base.keys.events),
    spool: openSpool(join(config.data, 'unsubscribed')),
    clock,
    log: base.log.child({ role: 'tracking' }),
    expireMs,
    addresses,
  });
  // What waits on disk waits for Redis: until that is back, the next time is soon enough.
  let trouble: string | undefined;
  const drain = (): void => {
    unsubscribe.drain().then(
      () => (trouble = undefined),
      (error: unknown) => (trouble = String(error)),
    );
  };
  drain();
  return { unsubscribe, trouble: () => trouble, stop: clock.every(DRAIN_MS, drain) };
}
