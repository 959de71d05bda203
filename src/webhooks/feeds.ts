// Feeds all webhooks where this process is the elected one: each by itself, so that none waits for another.
import type { Webhook } from './webhook.ts';
import { feed, type FeedDeps } from './feed.ts';

export type FeedsDeps = FeedDeps &
  Readonly<{
    /** True while this process, and no other, should feed them. */
    elected(): boolean;
  }>;

export type FeedsState = Readonly<{
  /** Webhooks that are fed by this process now. */
  running: number;
}>;

export type Feeds = Readonly<{
  state(): FeedsState;
  /** Ends in good order: what is under way has a moment to end. */
  stop(): Promise<void>;
}>;

const LOOK_MS = 1000;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000;

type Running = Readonly<{ text: string; abort: AbortController; done: Promise<void> }>;

/** Begins to feed. Settings are looked at every second; what fails is tried again. */
export function startFeeds(deps: FeedsDeps): Feeds {
  const running = new Map<string, Running>();
  const stop = new AbortController();
  const done = watch(deps, running, stop.signal);
  return {
    state: () => ({ running: running.size }),
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

async function watch(deps: FeedsDeps, running: Map<string, Running>, signal: AbortSignal): Promise<void> {
  const { store, clock, log } = deps;
  while (!signal.aborted) {
    try {
      const hooks = deps.elected() ? await store.list() : [];
      adjust(hooks, running, deps);
    } catch (error) {
      log.debug({ error: String(error) }, 'could not read the webhooks');
    }
    await clock.sleep(LOOK_MS, signal);
  }
  for (const { abort } of running.values()) abort.abort();
  await Promise.all([...running.values()].map((one) => one.done));
}

/** Ends what is not to run any more, or in another way, and begins what is to run and does not. */
function adjust(hooks: readonly Webhook[], running: Map<string, Running>, deps: FeedsDeps): void {
  const wanted = new Map(hooks.filter(({ enabled }) => enabled).map((hook) => [hook.id, hook]));
  for (const [id, { text, abort }] of running) {
    const hook = wanted.get(id);
    if (!hook || JSON.stringify(hook) !== text) abort.abort();
  }
  for (const [id, hook] of wanted) {
    if (running.has(id)) continue; // also one that is ending: it begins anew in a later round
    const abort = new AbortController();
    const done = keepFeeding(hook, deps, abort.signal).finally(() => running.delete(id));
    running.set(id, { text: JSON.stringify(hook), abort, done });
  }
}

/** Feeds, again after trouble of our own. A parked one is left alone until it is changed. Never rejects. */
async function keepFeeding(hook: Webhook, deps: FeedsDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const ended = await feed(hook, deps, signal);
      waitMs = FIRST_WAIT_MS;
      if (ended === 'parked') await untilStopped(signal);
      else if (ended === 'moved') await clock.sleep(LOOK_MS, signal);
    } catch (error) {
      const sentence = `The webhook "${hook.name}" could not be fed; it goes on in a moment.`;
      if (waitMs === FIRST_WAIT_MS) log.warn({ webhook: hook.id, error: String(error) }, sentence);
      await clock.sleep(waitMs, signal);
      waitMs = Math.min(waitMs * 2, MAX_WAIT_MS);
    }
  }
}

function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
