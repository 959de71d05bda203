// Orders to unsubscribe, as the page, one-click and mail give them: done at once, or on disk until Redis is back.
import { join } from 'node:path';
import { makeAppend } from '../tracking/append.ts';
import { openSpool } from '../tracking/spool.ts';
import { makeUnsubscribe, type Unsubscribe } from '../tracking/unsubscribe.ts';
import type { Base } from './base.ts';

export type Orders = Readonly<{
  unsubscribe: Unsubscribe;
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
  const drain = (): void => void unsubscribe.drain().catch(() => undefined);
  drain();
  return { unsubscribe, stop: clock.every(DRAIN_MS, drain) };
}
