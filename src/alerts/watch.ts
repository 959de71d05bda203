// The watch: conditions that go on for a time are told when they begin, when they are over, and now and then between.
import { z } from 'zod';
import { recordsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Notice } from '../model/notice.ts';
import { CONDITION_KINDS, type ConditionKind } from './kinds.ts';

/** How one thing is: unknown leaves what was said of it as it is. */
export type Finding = Readonly<{
  key: string;
  state: 'bad' | 'fine' | 'unknown';
  reason: string;
  account?: string;
}>;

export type Check = Readonly<{
  kind: ConditionKind;
  everyMs: number;
  /** How often it is looked at while something is bad; absent: as ever. */
  badEveryMs?: number;
  /** Good rounds in a row until it is over. */
  calm: number;
  /** All that there is to say of: what is not named any more is over. */
  look(): Promise<readonly Finding[]>;
}>;

export type WatchDeps = Readonly<{
  /** Who looks: "all", or the host whose disk and files it is about. */
  source: string;
  checks: readonly Check[];
  redis: Redis;
  prefix: string;
  clock: Clock;
  log: Log;
  remindMs: number;
  /** Ends what nobody looks at any more: its host is gone. One watch of all does that. */
  cleans?: boolean;
  tell(notice: Notice): Promise<void>;
}>;

const conditionSchema = z.object({
  kind: z.enum(CONDITION_KINDS),
  key: z.string(),
  account: z.string().optional(),
  since: z.number(),
  reason: z.string(),
  /** When it was told last; 0: not yet, since the process ended before it could. */
  toldAt: z.number(),
  /** Good rounds in a row. */
  good: z.number(),
  /** When somebody looked at it last, about. */
  seenAt: z.number(),
});

/** Something that goes on. */
export type Condition = Readonly<z.infer<typeof conditionSchema>>;

const conditionsKey = (prefix: string): string => `${prefix}alerts:conditions`;

/** How exact "when somebody looked" is, and after how long it is nobody's. */
const SEEN_MS = 10 * 60_000;
const FORGOTTEN_MS = 6 * 3_600_000;

/** What goes on, by "<source>|<kind>|<key>". Rejects with RedisTrouble. */
export async function readConditions(redis: Redis, prefix: string): Promise<ReadonlyMap<string, Condition>> {
  return recordsIn(await redis.call('HGETALL', conditionsKey(prefix)), conditionSchema);
}

/** Makes the watch; `round` runs the checks that are due. A check that fails is tried again in the next round. */
export function makeWatch(deps: WatchDeps): Readonly<{ round(): Promise<void> }> {
  const looked = new Map<ConditionKind, EpochMs>();
  return {
    round: async () => {
      const known = await readConditions(deps.redis, deps.prefix);
      if (deps.cleans === true) await clean(known, deps);
      for (const check of deps.checks) {
        const own = new Map(
          [...known].filter(([field]) => field.startsWith(`${deps.source}|${check.kind}|`)),
        );
        const now = deps.clock.now();
        const everyMs = own.size > 0 ? (check.badEveryMs ?? check.everyMs) : check.everyMs;
        if (now - (looked.get(check.kind) ?? Number.NEGATIVE_INFINITY) < everyMs) continue;
        const findings = await look(check, deps);
        if (!findings) continue;
        looked.set(check.kind, now);
        await settle(check, { findings, known: own }, deps);
      }
    },
  };
}

async function clean(known: ReadonlyMap<string, Condition>, deps: WatchDeps): Promise<void> {
  for (const [field, condition] of known) {
    const { key, seenAt } = condition;
    if (deps.clock.now() - seenAt < FORGOTTEN_MS) continue;
    await end(
      field,
      { before: condition, reason: `Nobody looks at ${key} any more: its process is gone.` },
      deps,
    );
  }
}

async function look(
  { kind, look: find }: Check,
  { log }: WatchDeps,
): Promise<readonly Finding[] | undefined> {
  try {
    return await find();
  } catch (error) {
    log.debug({ check: kind, error: String(error) }, 'a check could not be made');
    return undefined;
  }
}

type Seen = Readonly<{ findings: readonly Finding[]; known: ReadonlyMap<string, Condition> }>;

async function settle(check: Check, { findings, known }: Seen, deps: WatchDeps): Promise<void> {
  const fieldOf = (key: string): string => `${deps.source}|${check.kind}|${key}`;
  const named = new Set(findings.map(({ key }) => fieldOf(key)));
  for (const finding of findings) {
    const field = fieldOf(finding.key);
    await settleOne(check, { field, finding, before: known.get(field) }, deps);
  }
  for (const [field, before] of known) {
    if (named.has(field)) continue;
    const finding: Finding = {
      key: before.key,
      state: 'fine',
      reason: `${before.key} is not there any more.`,
    };
    await settleOne({ ...check, calm: 1 }, { field, finding, before }, deps);
  }
}

type One = Readonly<{ field: string; finding: Finding; before: Condition | undefined }>;

async function settleOne(check: Check, one: One, deps: WatchDeps): Promise<void> {
  const { field, finding, before } = one;
  if (finding.state === 'bad') return goesOn(check, one, deps);
  if (finding.state === 'unknown' || !before) return;
  if (before.good + 1 < check.calm) return keep(field, { ...before, good: before.good + 1 }, deps);
  await end(field, { before, reason: finding.reason }, deps);
}

/** It begins, or has not ended yet. */
async function goesOn({ kind }: Check, { field, finding, before }: One, deps: WatchDeps): Promise<void> {
  const now = deps.clock.now();
  const { key, reason, account } = finding;
  const own = account === undefined ? {} : { account };
  const begun = before ?? { kind, key, ...own, since: now, toldAt: 0, good: 0, reason, seenAt: now };
  const isStale = now - begun.seenAt >= SEEN_MS;
  const condition: Condition = { ...begun, reason, good: 0, ...(isStale ? { seenAt: now } : {}) };
  // Kept before it is told: after a crash the same notice with the same time is told again, and is one.
  if (!before || isStale || before.good > 0 || before.reason !== reason) await keep(field, condition, deps);
  if (condition.toldAt > 0 && now - condition.toldAt < deps.remindMs) return;
  const isFirst = condition.toldAt === 0;
  const still = isFirst ? reason : `Still, for ${sayDuration(now - condition.since)}: ${reason}`;
  await deps.tell({ ...noticeOf(condition), at: isFirst ? condition.since : now, reason: still });
  await keep(field, { ...condition, toldAt: Math.max(1, now) }, deps);
}

async function end(
  field: string,
  { before, reason }: Readonly<{ before: Condition; reason: string }>,
  deps: WatchDeps,
): Promise<void> {
  await deps.tell({ ...noticeOf(before), at: deps.clock.now(), reason, over: true });
  await deps.redis.call('HDEL', conditionsKey(deps.prefix), field);
}

function noticeOf({ kind, key, account }: Condition) {
  return {
    type: 'trouble',
    scope: kind,
    key,
    rule: kind,
    ...(account === undefined ? {} : { account }),
  } as const;
}

async function keep(field: string, condition: Condition, { redis, prefix }: WatchDeps): Promise<void> {
  await redis.call('HSET', conditionsKey(prefix), field, JSON.stringify(condition));
}
