// Wiring of forgetting: what still waits for a person, what is on its way to disk, and what Redis' own file remembers.
import { compareCursors, parseCursor, type Cursor } from '../events/cursor.ts';
import { textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import { HOME } from '../model/scopes.ts';
import { openTraces } from '../store/traces.ts';
import type { ForgetVerbs } from '../verbs/forget.ts';
import { openWebhooks } from '../webhooks/store.ts';
import type { Base } from './base.ts';
import { openQuarantine } from './scan.ts';

const REASON = 'The recipient was forgotten.';
const LOOK_MS = 100;
/** What runs writes events down, and reads them, within a second or two. */
const WRITTEN_MS = 15_000;
const TOLD_MS = 4_000;
const COMPACT_MS = 120_000;

/** What commands and endpoints need besides the stores, to forget somebody. */
export function tracesOf(base: Base): ForgetVerbs['traces'] {
  const { operate, sandbox, settingsNow, asking, prefix, config, clock } = base;
  const traces = openTraces({ redis: asking, prefix });
  return {
    cancel: async (account, recipient) => {
      const done = await operate.cancel({ account, recipient }, REASON);
      if (done.changed > 0) await openQuarantine(base).sweep();
      return done;
    },
    written: () => written(base),
    forget: async (account, address) => {
      const { users } = settingsNow();
      // A user that was removed is nobody's any more.
      const isOurs = (user: string): boolean => (users.get(user)?.account ?? account) === account;
      const caught = await sandbox.forget(address, isOurs);
      return caught + (await traces.forget(account, address, account === HOME ? 'too' : 'stay'));
    },
    compact: () => (config.redis === 'embedded' ? compact(asking, clock) : Promise.resolve()),
  };
}

/** True once all that has happened up to now is on disk and in the history; false when nobody writes it there. */
async function written(base: Base): Promise<boolean> {
  const { asking, keys, eventLog, history, clock } = base;
  const until = clock.ticks() + WRITTEN_MS;
  const isThere = async (reached: () => Promise<Cursor | undefined>, goal: Cursor): Promise<boolean> => {
    for (;;) {
      const at = await reached();
      if (at && compareCursors(at, goal) >= 0) return true;
      if (clock.ticks() > until) return false;
      await clock.sleep(LOOK_MS);
    }
  };
  const answer = await asking.call('XREVRANGE', keys.events, '+', '-', 'COUNT', 1);
  const [newest]: unknown[] = Array.isArray(answer) ? answer : [];
  const last = parseCursor(textsIn(newest)[0] ?? '');
  if (last && !(await isThere(eventLog.end, last))) return false;
  const end = await eventLog.end();
  if (end) await told(base, end);
  return !end || !history || isThere(history.reached, end);
}

/** Waits a little for webhooks that have events in hand: what they tell is in their logs before those are gone through. */
async function told({ asking: redis, prefix, clock }: Base, goal: Cursor): Promise<void> {
  const store = openWebhooks({ redis, prefix });
  const until = clock.ticks() + TOLD_MS;
  for (const { id } of (await store.list()).filter(({ enabled }) => enabled))
    while (clock.ticks() < until) {
      const { cursor } = await store.state(id);
      const at = parseCursor(cursor);
      if (at && compareCursors(at, goal) >= 0) break;
      await clock.sleep(LOOK_MS);
    }
}

/** One that has not begun yet serves all who ask for it. */
let next: Promise<void> | undefined;
let current: Promise<void> = Promise.resolve();

/** The embedded Redis writes its file anew, in which all commands stand that were ever given. Never rejects. */
function compact(redis: Redis, clock: Clock): Promise<void> {
  next ??= current.then(() => {
    next = undefined;
    current = rewriteFile(redis, clock).catch(() => undefined);
    return current;
  });
  return next;
}

async function rewriteFile(redis: Redis, clock: Clock): Promise<void> {
  const until = clock.ticks() + COMPACT_MS;
  const isBusy = async (): Promise<boolean> =>
    /^aof_rewrite_(?:in_progress|scheduled):1/m.test(String(await redis.call('INFO', 'persistence')));
  const rest = async (): Promise<void> => {
    while ((await isBusy()) && clock.ticks() < until) await clock.sleep(LOOK_MS);
  };
  // One that goes on began before the last change.
  await rest();
  await redis.call('BGREWRITEAOF');
  await rest();
}
