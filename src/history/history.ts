// The history: deliveries that can be searched, and statistics, made from the event log; what any store of it can do.
import type { EpochMs } from '../lib/clock.ts';
import type { Event } from '../model/event.ts';
import type { Owner } from '../model/owner.ts';
import type { Message, Page, SearchQuery, DeliveryRow } from './search.ts';
import type { Statistics, StatisticsQuery } from './statistics.ts';

/** The place of an event in the event log, as its cursors are. */
export type Place = Readonly<{ ms: EpochMs; seq: number; n: number }>;

/** An event with its place. */
export type Recorded = Readonly<{ cursor: Place; event: Event }>;

/** What others may ask; any process of the host may open it. All reject when the store cannot be read. */
export type HistoryReader = Readonly<{
  /** Deliveries, newest first. */
  search(query: SearchQuery): Promise<Page<DeliveryRow>>;
  /** A submission with all its deliveries, or one delivery; undefined: not kept, or somebody else's. */
  timeline(id: string, owner?: Partial<Owner>): Promise<Message | undefined>;
  statistics(query: StatisticsQuery): Promise<Statistics>;
  /** All events up to there are in; undefined: none yet. Costs little. */
  reached(): Promise<Place | undefined>;
  state(): Promise<HistoryState>;
  close(): Promise<void>;
}>;

/** What the one process that writes it may do besides. */
export type History = HistoryReader &
  Readonly<{
    /**
     * Takes a batch of the event log, in its order. All of it or nothing: when it rejects, the same events are read again from
     * `cursor()`. What was taken before is passed over, be it read again or told twice: each event counts once.
     */
    take(batch: readonly Recorded[]): Promise<void>;
    /** Where to read on: all up to there was taken. undefined: from the oldest event there is. */
    cursor(): Promise<Place | undefined>;
    /** Erases what is personal in all that was sent to the address, in an account; counts stay. How many deliveries it were. */
    forget(account: string, address: string): Promise<number>;
    /** Removes what is kept no longer. */
    prune(now: EpochMs): Promise<Pruned>;
  }>;

/** A history that is made beside the one in use, and takes its place. */
export type Rebuilding = Readonly<{
  take(batch: readonly Recorded[]): Promise<void>;
  /**
   * Puts what was made in the place of what is in use; `readOn` hands in what came since, while nobody else writes it. Of `kept`
   * the history in use knows more than the event log.
   */
  swap(
    readOn: () => Promise<void>,
  ): Promise<Readonly<{ months: readonly string[]; kept: readonly string[] }>>;
  close(): Promise<void>;
}>;

export type Pruned = Readonly<{
  /** Deliveries that were removed. */
  deliveries: number;
  /** Names of files, or partitions, that are gone as a whole. */
  files: readonly string[];
}>;

export type HistoryState = Readonly<{
  kind: 'sqlite' | 'postgresql';
  /** All events up to there are in; undefined: none yet. */
  cursor: Place | undefined;
  deliveries: number;
  /** Accepted when, the oldest and the newest one that is kept. */
  oldest?: EpochMs;
  newest?: EpochMs;
  bytes: number;
  files: readonly Readonly<{ name: string; bytes: number; deliveries: number }>[];
  /** Why it cannot be written, or was not complete, one sentence. */
  problem?: string;
}>;
