// What is said between the history and its threads. Pure.
import type { MessagePort } from 'node:worker_threads';
import type { EpochMs } from '../../lib/clock.ts';
import type { Keep } from '../config.ts';
import type { HistoryState, Place, Pruned } from '../history.ts';
import type { Owner } from '../../model/owner.ts';
import type { DeliveryRow, Message, Page, SearchQuery } from '../search.ts';
import type { Statistics, StatisticsQuery } from '../statistics.ts';
import type { VeilOptions } from '../veil.ts';

/** What a thread can be asked; batches come as JSON, which is cheaper to hand over than objects. */
export type Calls = Readonly<{
  take(batch: string): undefined;
  cursor(): Place | undefined;
  forget(account: string, address: string): number;
  prune(now: EpochMs): Pruned;
  lock(month: string): boolean;
  unlock(): undefined;
  search(query: SearchQuery): Page<DeliveryRow>;
  timeline(id: string, owner: Partial<Owner>): Message | undefined;
  statistics(query: StatisticsQuery): Statistics;
  reached(): Place | undefined;
  state(): HistoryState;
  close(): undefined;
}>;

export type Call = {
  [Name in keyof Calls]: Readonly<{ call: Name; args: Parameters<Calls[Name]> }>;
}[keyof Calls];
export type Asked = Readonly<{ number: number }> & Call;
/** What a thread is told when it starts. */
export type Start = Readonly<{
  port: MessagePort;
  folder: string;
  keep: Keep;
  veil: VeilOptions;
}>;

// What comes in was made by ourselves, in another thread: only its kind is asked, a schema would be slow to load.
const has = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name);
export const isStart = (value: unknown): value is Start => has(value, 'port') && has(value, 'veil');
export const isAsked = (value: unknown): value is Asked => has(value, 'number') && has(value, 'call');
