// The states of transports, kept in memory by every process: what monitors and operators said, and when.
import { hashIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import { loadScript } from '../lib/script.ts';
import {
  transportStateSchema,
  UNSEEN,
  type StateCause,
  type TransportState,
  type TransportStateName,
} from '../model/transport-state.ts';
import type { RedisConnection } from './redis.ts';
import { watchChannel } from './watch.ts';

export type TransportStates = Readonly<{
  /** As last known here, at most a moment old; a transport that nobody has said anything of is healthy since 0. */
  stateOf(name: string): TransportState;
  all(): ReadonlyMap<string, TransportState>;
  /** Sets it whatever it was; resolves to what it was. Rejects with RedisTrouble. */
  set(name: string, state: TransportStateName, reason: string, cause?: StateCause): Promise<TransportState>;
  /**
   * Sets it where it still is what `stateOf` says here; resolves to false where another was faster: the newer one is
   * known here then. Rejects with RedisTrouble.
   */
  move(name: string, to: Omit<TransportState, 'since'>): Promise<boolean>;
  /** Forgets a transport that is no more. Rejects with RedisTrouble. */
  forget(name: string): Promise<void>;
  /** Calls `listener` after each change that is seen here; the returned function ends that. */
  onChange(listener: () => void): () => void;
  /** Reads them anew. Rejects with RedisTrouble. */
  refresh(): Promise<void>;
  /** Ends watching. The connection stays open. */
  close(): void;
}>;

export type TransportStatesDeps = Readonly<{
  redis: RedisConnection;
  prefix: string;
  clock: Clock;
  log: Log;
}>;

const stateScript = loadScript(new URL('./scripts/state-1.lua', import.meta.url));

/** Starts watching: by a channel, and every two seconds for what the channel did not carry. Nothing is known before `refresh`. */
export function openTransportStates({ redis, prefix, clock, log }: TransportStatesDeps): TransportStates {
  const keys = { states: `${prefix}states`, changed: `${prefix}states:changed` };
  const listeners = new Set<() => void>();
  let texts: ReadonlyMap<string, string> = new Map();
  let states: ReadonlyMap<string, TransportState> = new Map();
  let asked = 0;
  let known = 0;

  const refresh = async (): Promise<void> => {
    const turn = ++asked;
    const read = hashIn(await redis.call('HGETALL', keys.states));
    if (turn < known) return; // an older answer never replaces a newer one
    known = turn;
    const changed = read.size !== texts.size || [...read].some(([name, text]) => texts.get(name) !== text);
    if (!changed) return;
    texts = read;
    states = new Map([...read].flatMap(([name, text]) => entryOf(name, text)));
    for (const listener of listeners) listener();
  };
  const quietly = (): void => {
    refresh().catch((error: unknown) =>
      log.debug({ error: String(error) }, 'could not read the states of transports'),
    );
  };
  const write = async (name: string, expected: string, text: string): Promise<readonly [number, string]> => {
    const answer = await redis.run(stateScript, [keys.states], [keys.changed, name, expected, text]);
    const [done, old] = Array.isArray(answer) ? answer : [];
    await refresh().catch(() => undefined); // what was written stays a success when reading it back fails
    return [Number(done), String(old ?? '')];
  };
  return {
    stateOf: (name) => states.get(name) ?? UNSEEN,
    all: () => states,
    set: async (name, state, reason, cause = 'none') => {
      const next: TransportState = { state, since: clock.now(), reason, cause };
      const [, old] = await write(name, '*', JSON.stringify(next));
      return parseJson(old, transportStateSchema) ?? UNSEEN;
    },
    move: async (name, to) => {
      const next: TransportState = { ...to, since: clock.now() };
      const [done] = await write(name, texts.get(name) ?? '', JSON.stringify(next));
      return done === 1;
    },
    forget: async (name) => void (await write(name, '*', '')),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    close: watchChannel(keys.changed, quietly, { redis, clock }),
  };
}

/** What cannot be read, such as by a newer version, is as if nothing had been said. */
function entryOf(name: string, text: string): readonly (readonly [string, TransportState])[] {
  const state = parseJson(text, transportStateSchema);
  return state ? [[name, state]] : [];
}
