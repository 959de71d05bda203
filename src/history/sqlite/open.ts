// Opens the history in SQLite: for writing by the one elected process, for reading by any process of the host.
import type { HistoryConfig } from '../config.ts';
import type { History, HistoryReader } from '../history.ts';
import { makeThread, type Thread } from './ask.ts';
import type { Start } from './calls.ts';

export type OpenOptions = Readonly<{
  /** "<data>/history"; made when it is missing. */
  folder: string;
  config: HistoryConfig;
  /** A secret of this installation: addresses and subjects that are stored as hashes are found by it. */
  key: string;
}>;

/** One thread writes, another one reads; each starts when it is first asked. */
export function openSqliteHistory(options: OpenOptions): History {
  const writer = makeThread(startOf(options));
  const reader = readerBy(makeThread(startOf(options)));
  return {
    ...reader,
    take: (batch) => writer.ask('take', JSON.stringify(batch)),
    cursor: () => writer.ask('cursor'),
    forget: (account, address) => writer.ask('forget', account, address),
    prune: (now) => writer.ask('prune', now),
    close: async () => {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}

export function openSqliteReader(options: OpenOptions): HistoryReader {
  return readerBy(makeThread(startOf(options)));
}

function readerBy(thread: Thread): HistoryReader {
  return {
    search: (query) => thread.ask('search', query),
    timeline: (id, owner = {}) => thread.ask('timeline', id, owner),
    statistics: (query) => thread.ask('statistics', query),
    reached: () => thread.ask('reached'),
    state: () => thread.ask('state'),
    close: () => thread.close(),
  };
}

export function startOf({ folder, config, key }: OpenOptions): Omit<Start, 'port'> {
  const { keep, subjects, addresses } = config;
  return { folder, keep, veil: { subjects, addresses, key } };
}
