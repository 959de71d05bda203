// Pauses: what operators stopped, by recipient domain, user or campaign; kept in Redis and known to every process.
import { textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';

export const pauseKinds = ['domain', 'user', 'campaign'] as const;
export type PauseKind = (typeof pauseKinds)[number];

/** "domain:example.net", "user:shop", "campaign:spring". */
export type PauseName = `${PauseKind}:${string}`;

/** What a pause can match on. */
export type Pausable = Readonly<{ domain: string; user: string; campaign?: string | undefined }>;

export type Pauses = Readonly<{
  /** False while nothing is paused, so that the normal case costs nothing. */
  any(): boolean;
  /** The pause that stops this delivery now, if any. */
  match(delivery: Pausable): PauseName | undefined;
  /** Reads them anew; resolves when they are in force here. */
  refresh(): Promise<void>;
  stop(): void;
}>;

const POLL_MS = 1_000;

/** Watches the pauses: every second, and at once when `refresh` is called. */
export function watchPauses(
  deps: Readonly<{ redis: Redis; keys: Keys; clock: Clock; log: Log; onChange?: () => void }>,
): Pauses {
  let names: ReadonlySet<string> = new Set();
  const refresh = async (): Promise<void> => {
    const answer = await deps.redis.call('HKEYS', deps.keys.pauses);
    const read = new Set(textsIn(answer));
    const changed = read.size !== names.size || [...read].some((name) => !names.has(name));
    names = read;
    if (changed) deps.onChange?.();
  };
  const poll = (): void => {
    refresh().catch((error: unknown) =>
      deps.log.debug({ error: String(error) }, 'could not read the pauses'),
    );
  };
  const stop = deps.clock.every(POLL_MS, poll);
  return {
    any: () => names.size > 0,
    match: ({ domain, user, campaign }) => {
      if (names.size === 0) return undefined;
      const candidates: PauseName[] = [`domain:${domain}`, `user:${user}`];
      if (campaign !== undefined) candidates.push(`campaign:${campaign}`);
      return candidates.find((name) => names.has(name));
    },
    refresh,
    stop,
  };
}
