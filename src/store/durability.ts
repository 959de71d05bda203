// Whether a Redis keeps what it has acknowledged: a 250 means that mail is safe only with these settings.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { RedisTrouble, type Redis } from '../lib/script.ts';

/**
 * strict: every write is on disk before its answer. relaxed: the operator accepts to lose the last second of mail in a
 * power cut. trusted: a managed Redis hides its settings and the operator vouches for them.
 */
export type Durability = 'strict' | 'relaxed' | 'trusted';

export type DurabilityCheck = Readonly<{ ok: true } | { ok: false; problem: string }>;

const MINIMUM = [6, 2] as const;

/** Reads the server's version and settings. Rejects with RedisTrouble only when it cannot be asked at all. */
export async function checkDurability(
  connection: Redis & Readonly<{ replicated?: boolean }>,
  want: Durability,
): Promise<DurabilityCheck> {
  const version = versionIn(String(await connection.call('INFO', 'server')));
  if (
    version === undefined ||
    version.major < MINIMUM[0] ||
    (version.major === MINIMUM[0] && version.minor < MINIMUM[1])
  )
    return bad(`Redis is version ${version?.text ?? 'unknown'}; Postino needs 6.2 or later (or any Valkey).`);
  if (want === 'trusted') return { ok: true };
  const settings = await readSettings(connection);
  if (settings === undefined)
    return bad(
      'Redis does not let us read its settings (CONFIG GET is refused), so we cannot tell whether mail is safe in it. If its provider promises that every acknowledged write survives, set durability: trusted.',
    );
  const wrong = wanted(want, connection.replicated ?? false).filter(([name, is]) => !is(settings.get(name)));
  if (wrong.length === 0) return { ok: true };
  const list = wrong.map(
    ([name, , should]) => `${name} ${should} (it is ${settings.get(name) || 'not set'})`,
  );
  const hint =
    want === 'strict'
      ? ' With durability: relaxed Postino also takes a Redis that syncs once a second, and may then lose the last second of mail in a power cut.'
      : '';
  return bad(`Redis would lose mail. Set in its configuration: ${list.join(', ')}; then start again.${hint}`);
}

type Rule = readonly [name: string, is: (value: string | undefined) => boolean, should: string];

function wanted(want: 'strict' | 'relaxed', replicated: boolean): readonly Rule[] {
  const rules: Rule[] = [
    ['appendonly', (value) => value === 'yes', 'yes'],
    ['maxmemory-policy', (value) => value === 'noeviction', 'noeviction'],
  ];
  if (want === 'relaxed') return rules;
  rules.push(['appendfsync', (value) => value === 'always', 'always']);
  rules.push(['no-appendfsync-on-rewrite', (value) => value === 'no', 'no']);
  // A failover to a replica that lags loses what the old master had acknowledged.
  if (replicated) rules.push(['min-replicas-to-write', (value) => Number(value) >= 1, '1']);
  return rules;
}

async function readSettings(connection: Redis): Promise<ReadonlyMap<string, string> | undefined> {
  const names = [
    'appendonly',
    'maxmemory-policy',
    'appendfsync',
    'no-appendfsync-on-rewrite',
    'min-replicas-to-write',
  ];
  try {
    const replies = await Promise.all(names.map((name) => connection.call('CONFIG', 'GET', name)));
    return new Map(
      replies.map((reply, index) => [names[index] ?? '', Array.isArray(reply) ? String(reply[1]) : '']),
    );
  } catch (error) {
    if (error instanceof RedisTrouble && error.kind === 'broken') return undefined;
    throw error;
  }
}

/** Valkey says redis_version 7.2.4 for compatibility, which is what counts here. */
function versionIn(info: string): Readonly<{ major: number; minor: number; text: string }> | undefined {
  const match = /^redis_version:((\d+)\.(\d+)\S*)/m.exec(info);
  if (!match) return undefined;
  return { major: Number(match[2]), minor: Number(match[3]), text: match[1] ?? '' };
}

function bad(problem: string): DurabilityCheck {
  return { ok: false, problem };
}

export type DurabilityWatch = Readonly<{
  /** Why Redis would lose mail as it is set now, one sentence; undefined: it would not. */
  problem(): string | undefined;
  stop(): void;
}>;

const LOOK_EVERY_MS = 10_000;

/** Asks again every ten seconds: somebody may have changed the settings of a running server. */
export function watchDurability(
  deps: Readonly<{ redis: Redis; want: Durability; clock: Clock; log: Log; everyMs?: number }>,
): DurabilityWatch {
  const { redis, want, clock, log, everyMs = LOOK_EVERY_MS } = deps;
  let problem: string | undefined;
  const look = async (): Promise<void> => {
    const found = await checkDurability(redis, want);
    const next = found.ok ? undefined : found.problem;
    if (next !== undefined && next !== problem) log.error({}, `No mail is taken: ${next}`);
    if (next === undefined && problem !== undefined)
      log.info({}, 'Redis keeps what it acknowledges again; mail is taken.');
    problem = next;
  };
  const stop = clock.every(everyMs, () => {
    look().catch((error: unknown) =>
      log.debug({ error: String(error) }, 'could not ask Redis for its settings'),
    );
  });
  return { problem: () => problem, stop };
}
