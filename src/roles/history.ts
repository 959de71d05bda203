// Wiring of the history: written by the process that writes events down, read by any, pruned every hour.
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { HistoryLag } from '../alerts/history-check.ts';
import type { Cursor, EventLog } from '../events/log.ts';
import { makeHistorySink, type HistoryStore } from '../events/sinks/history.ts';
import type { Sink } from '../events/sinks/index.ts';
import type { History, HistoryReader, Rebuilding } from '../history/history.ts';
import { parsePostgresUrl } from '../history/postgres/address.ts';
import { openPostgresHistory, openPostgresReader, type PostgresOptions } from '../history/postgres/open.ts';
import { openPostgresRebuilding } from '../history/postgres/rebuild.ts';
import { openSqliteHistory, openSqliteReader, type OpenOptions } from '../history/sqlite/open.ts';
import { openSqliteRebuilding } from '../history/sqlite/rebuild.ts';
import { reasonOf } from '../lib/reason.ts';
import type { Sealer } from '../store/seal.ts';
import type { Base } from './base.ts';

const PRUNE_MS = 3_600_000;
const FIRST_PRUNE_MS = 60_000;

/** Where the history is, and how it hides what is to be hidden. */
export function historyOptions({
  config,
  sealer,
}: Readonly<{ config: Config; sealer: Sealer }>): OpenOptions {
  return {
    folder: join(config.data, 'history'),
    config: config.history,
    key: sealer.fingerprint('postino history'),
  };
}

/** undefined: it is in SQLite. */
function postgresOptions(base: HistoryBase): PostgresOptions | undefined {
  const { store, poolSize } = base.config.history;
  const address = store === 'sqlite' ? undefined : parsePostgresUrl(store);
  if (address === undefined || typeof address === 'string') return undefined;
  return { ...historyOptions(base), address, poolSize };
}

type HistoryBase = Pick<Base, 'config' | 'sealer'>;

/** For any process; undefined where the configuration has none. Costs nothing until it is asked. */
export function openHistoryReader(base: HistoryBase): HistoryReader | undefined {
  if (!base.config.history.enabled) return undefined;
  const postgres = postgresOptions(base);
  return postgres ? openPostgresReader(postgres) : openSqliteReader(historyOptions(base));
}

export function openHistory(base: HistoryBase): History | undefined {
  if (!base.config.history.enabled) return undefined;
  const postgres = postgresOptions(base);
  return postgres ? openPostgresHistory(postgres) : openSqliteHistory(historyOptions(base));
}

/** A history that is made beside the one in use. */
export function openHistoryAnew(base: HistoryBase): Rebuilding {
  const postgres = postgresOptions(base);
  return postgres ? openPostgresRebuilding(postgres) : openSqliteRebuilding(historyOptions(base));
}

export type RunningHistory = Readonly<{
  sink: Sink;
  /** How far it is behind; undefined where another process writes it. */
  lag(): Promise<HistoryLag | undefined>;
  stop(): Promise<void>;
}>;

/** The writing side; nothing is opened before this process is elected. */
export function startHistory(base: Base, elected: () => boolean): RunningHistory | undefined {
  const history = openHistory(base);
  if (!history) return undefined;
  const { store, lag } = watched(history, base.eventLog);
  const endPruning = startPruning(history, base, elected);
  return {
    sink: makeHistorySink(store),
    lag: async () => (elected() ? lag() : undefined),
    stop: async () => {
      const pruned = endPruning();
      await history.close();
      await pruned;
    },
  };
}

/** Remembers how far it came, and why it went no further. */
function watched(
  history: History,
  events: Pick<EventLog, 'end'>,
): Readonly<{ store: HistoryStore; lag(): Promise<HistoryLag> }> {
  let reached: Cursor | undefined;
  let why: string | undefined;
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const done = await work();
      why = undefined;
      return done;
    } catch (error) {
      why = reasonOf(error);
      throw error;
    }
  };
  const store: HistoryStore = {
    take: async (batch) => {
      await watch(() => history.take(batch));
      reached = batch.at(-1)?.cursor ?? reached;
    },
    cursor: async () => (reached = await watch(() => history.cursor())),
  };
  const lag = async (): Promise<HistoryLag> => {
    const end = await events.end();
    return { ms: end && reached ? Math.max(0, end.ms - reached.ms) : 0, why };
  };
  return { store, lag };
}

/** What is kept no longer goes every hour; the answer ends that, and resolves when nothing is under way. */
function startPruning(
  history: History,
  { clock, log }: Pick<Base, 'clock' | 'log'>,
  elected: () => boolean,
): () => Promise<void> {
  let pruning: Promise<void> = Promise.resolve();
  const prune = (): void => {
    if (!elected()) return;
    pruning = history.prune(clock.now()).then(
      ({ deliveries, files }) => {
        if (deliveries > 0) log.info({ deliveries, files }, 'Old deliveries were removed from the history.');
      },
      (error: unknown) => log.debug({ error: String(error) }, 'The history was not pruned; next time.'),
    );
  };
  const endFirst = clock.after(FIRST_PRUNE_MS, prune);
  const end = clock.every(PRUNE_MS, prune);
  return () => {
    endFirst();
    end();
    return pruning;
  };
}
