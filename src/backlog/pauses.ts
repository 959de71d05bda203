// Pauses: what was stopped, by recipient domain, user or campaign; kept in Redis and known to every process.
import { z } from 'zod';
import { hashIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';

export const pauseKinds = ['domain', 'user', 'campaign'] as const;
export type PauseKind = (typeof pauseKinds)[number];

/** "domain:example.net", "user:shop", "campaign:spring". */
export type PauseName = `${PauseKind}:${string}`;

const whySchema = z.object({
  at: z.number().default(0),
  /** Who made it: "operator", or the part of Postino that did. */
  by: z.string().default('operator'),
  reason: z.string().optional(),
  /** When it ends by itself, epoch milliseconds. */
  until: z.number().optional(),
});

/** Who made a pause, why, and until when. */
export type PauseWhy = Readonly<Omit<z.input<typeof whySchema>, 'at'>>;
export type Pause = Readonly<{ name: string } & z.output<typeof whySchema>>;

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
  /** By name: until when. */
  let names: ReadonlyMap<string, EpochMs> = new Map();
  const refresh = async (): Promise<void> => {
    const pauses = await readPauses(deps.redis, deps.keys);
    const read = new Map(pauses.map(({ name, until }) => [name, until ?? Infinity]));
    const changed = read.size !== names.size || [...read].some(([name, until]) => names.get(name) !== until);
    names = read;
    if (changed) deps.onChange?.();
  };
  const holds = (name: string): boolean => (names.get(name) ?? 0) > deps.clock.now();
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
      return candidates.find(holds);
    },
    refresh,
    stop,
  };
}

/** All pauses that there are, those whose time is over too, by name. Rejects with RedisTrouble. */
export async function readPauses(redis: Redis, keys: Keys): Promise<readonly Pause[]> {
  const entries = [...hashIn(await redis.call('HGETALL', keys.pauses))];
  return entries
    .map(([name, json]) => ({ name, ...(parseJson(json, whySchema) ?? whySchema.parse({})) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
