// Runs the batch jobs of the configuration when they are due: what was done is kept in Redis, trouble is told and tried again.
import { z } from 'zod';
import { recordsIn } from '../lib/answers.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import type { Redis } from '../lib/script.ts';
import type { Notice } from '../model/notice.ts';
import type { BatchConfig, Export, Import } from './config.ts';
import { writeExport, type Exported } from './export.ts';
import { readImports, type TakeEntry } from './import.ts';
import { beginOf, periodFrom, type Period } from './periods.ts';
import type { Place } from './place.ts';
import type { Sources } from './rows.ts';
import { reasonOf } from '../lib/reason.ts';

const jobSchema = z.object({
  /** Of an export: all before then is written. */
  until: z.number().optional(),
  /** When it last did something, and what: a file, how many rows or lines. */
  at: z.number().optional(),
  file: z.string().optional(),
  rows: z.number().optional(),
  problem: z.string().optional(),
  tries: z.number().optional(),
  /** Not before then. */
  next: z.number().optional(),
});

/** How far a job is. */
export type JobState = Readonly<z.infer<typeof jobSchema>>;

export type BatchDeps = Readonly<{
  config: BatchConfig;
  redis: Redis;
  prefix: string;
  places: ReadonlyMap<string, Place>;
  sources: Sources;
  take: Readonly<Record<Import['what'], TakeEntry>>;
  /** True when all events that were published before then are where this kind of file is made from. */
  isWritten(until: EpochMs, what: Export['what']): Promise<boolean>;
  /** How long events stay in the log. */
  keptMs: number;
  tell(notice: Notice): Promise<void>;
  /** Folder of this host for unfinished files. */
  folder: string;
  clock: Clock;
  /** When it aborts, what is under way is left, and is done again by whoever comes next. */
  signal?: AbortSignal;
}>;

export type Batch = Readonly<{
  /** Does what is due. Never rejects: a job's trouble is its own. */
  tick(): Promise<void>;
  states(): Promise<ReadonlyMap<string, JobState>>;
  /** Writes the file of the period that `at` is in, now; what is due stays due. Rejects with what went wrong. */
  exportNow(job: Export, at: EpochMs): Promise<Exported>;
}>;

/** Events of an hour may reach the stream a moment after it. */
const GRACE_MS = 60_000;
const FIRST_RETRY_MS = 30_000;
const LAST_RETRY_MS = 3_600_000;
/** What is made from the event log. */
const FROM_EVENTS: ReadonlySet<Export['what']> = new Set(['events', 'bounces', 'statistics']);
/** So many periods at once when some were missed; the others follow at the next tick. */
const CATCH_UP = 24;
const DAY_MS = 86_400_000;

export function makeBatch(deps: BatchDeps): Batch {
  const { config, redis, prefix, clock } = deps;
  const key = `${prefix}batch`;
  const states = async (): Promise<ReadonlyMap<string, JobState>> =>
    recordsIn(await redis.call('HGETALL', key), jobSchema);
  const keep = (name: string, state: JobState): Promise<unknown> =>
    redis.call('HSET', key, name, JSON.stringify(state));
  const attempt = async (job: Export | Import, state: JobState): Promise<void> => {
    if ((state.next ?? 0) > clock.now()) return;
    try {
      await (isExport(job) ? runExport(job, state, deps, keep) : runImport(job, state, deps, keep));
    } catch (error) {
      if (!deps.signal?.aborted) await fail(job, state, { error, deps, keep });
    }
  };
  return {
    states,
    tick: async () => {
      const known = await states().catch(() => undefined);
      if (!known) return; // Redis is away, which others tell
      for (const job of [...config.exports, ...config.imports]) {
        if (deps.signal?.aborted) return;
        await attempt(job, known.get(job.name) ?? {}).catch(() => undefined);
      }
    },
    exportNow: async (job, at) => {
      const period = periodFrom(beginOf(at, job.every, config.timeZone), job.every, config.timeZone);
      const problem = whyNotNow(job, period, deps);
      if (problem !== undefined) throw new Error(problem);
      return write(job, period, deps);
    },
  };
}

type Keep = (name: string, state: JobState) => Promise<unknown>;

function isExport(job: Export | Import): job is Export {
  return 'format' in job;
}

/** A file that was right must not be replaced by one that is not, because its time is too long ago. */
function whyNotNow(
  { what }: Export,
  { from, until }: Period,
  { clock, keptMs }: BatchDeps,
): string | undefined {
  const now = clock.now();
  if (from > now) return 'that time has not come yet';
  if (!FROM_EVENTS.has(what))
    return until <= now ? 'a list can only be written as it is now, and not as it was then' : undefined;
  if (what === 'statistics' || from >= now - keptMs) return undefined;
  return `events are kept for ${Math.floor(keptMs / DAY_MS)} days (events.keepDays), and those of that time are gone`;
}

async function write(
  job: Export,
  period: Period,
  { places, sources, folder, signal }: BatchDeps,
): Promise<Exported> {
  const place = places.get(job.place);
  if (!place) throw new Error(`there is no place called ${job.place}`);
  return writeExport(job, period, { place, sources, folder, ...(signal && { signal }) });
}

async function runExport(job: Export, state: JobState, deps: BatchDeps, keep: Keep): Promise<void> {
  const { clock, config, isWritten } = deps;
  // A new export begins with the period that goes on, so that its first file is whole.
  let until = state.until ?? beginOf(clock.now(), job.every, config.timeZone);
  if (state.until === undefined) await keep(job.name, { ...state, until });
  for (let i = 0; i < CATCH_UP; i++) {
    const period = periodFrom(until, job.every, config.timeZone);
    if (clock.now() < period.until + GRACE_MS) return;
    if (FROM_EVENTS.has(job.what) && !(await isWritten(period.until, job.what))) return;
    const written = await write(job, period, deps);
    until = period.until;
    await keep(job.name, { until, at: clock.now(), ...written });
    if (i === 0) await sayOver(job, state, deps);
  }
}

async function runImport(job: Import, state: JobState, deps: BatchDeps, keep: Keep): Promise<void> {
  const { clock, places, config, take } = deps;
  const place = places.get(job.place);
  if (!place) throw new Error(`there is no place called ${job.place}`);
  const reports = await readImports(job, {
    place,
    take: take[job.what],
    maxBytes: config.maxFileBytes,
    now: clock.now,
    ...(deps.signal && { signal: deps.signal }),
  });
  const last = reports.at(-1);
  const done = last && { at: clock.now(), file: last.file, rows: last.lines - last.leftOut };
  const { problem: _, tries: __, ...before } = state;
  await keep(job.name, { ...before, ...done, next: clock.now() + job.every });
  await sayOver(job, state, deps);
  for (const { file, problem } of reports)
    if (problem !== undefined)
      await say(job, `The file ${file} that came for ${job.name} was not read. ${problem}`, deps);
}

async function fail(
  job: Export | Import,
  state: JobState,
  { error, deps, keep }: Readonly<{ error: unknown; deps: BatchDeps; keep: Keep }>,
): Promise<void> {
  const tries = (state.tries ?? 0) + 1;
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
  const problem = reasonOf(error);
  await keep(job.name, { ...state, problem, tries, next: deps.clock.now() + waitMs });
  if (tries > 1) return;
  await say(job, `The batch job ${job.name} failed (${problem}); it is tried again until it works.`, deps);
}

async function sayOver(job: Export | Import, { problem }: JobState, deps: BatchDeps): Promise<void> {
  if (problem !== undefined) await say(job, `The batch job ${job.name} works again.`, deps, true);
}

async function say(
  { name, account }: Export | Import,
  reason: string,
  { tell, clock }: BatchDeps,
  over?: true,
): Promise<void> {
  const at = clock.now();
  await tell({
    type: 'trouble',
    scope: 'batch',
    key: name,
    rule: 'batch',
    at,
    account,
    reason,
    ...(over && { over }),
  });
}
