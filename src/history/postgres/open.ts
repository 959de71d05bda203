// Opens the history in PostgreSQL: for writing by the one elected process, for reading by any process of any host.
import type { HistoryConfig } from '../config.ts';
import type { History, HistoryReader, Pruned } from '../history.ts';
import { readPlace } from '../place.ts';
import { makeVeil } from '../veil.ts';
import { makeWire, threadBeside } from '../wire.ts';
import type { PostgresAddress } from './address.ts';
import { openConnections, type Ask } from './driver.ts';
import { find } from './find.ts';
import { keptOf, readMeta } from './meta.ts';
import { MissingTable } from './problems.ts';
import { NO_TABLES, stateOf } from './state.ts';
import { storyOf } from './story.ts';
import { sumUp } from './sum.ts';
import type { WriterStart } from './thread.ts';

export type PostgresOptions = Readonly<{
  address: PostgresAddress;
  config: HistoryConfig;
  /** A secret of this installation: addresses and subjects that are stored as hashes are found by it. */
  key: string;
  /** Connections for reading at most; one or two more are for writing. */
  poolSize: number;
}>;

const READ_MS = 30_000;

export function openPostgresHistory(options: PostgresOptions): History {
  const { keep, subjects, addresses } = options.config;
  const start: WriterStart = {
    address: options.address,
    keep,
    veil: { subjects, addresses, key: options.key },
  };
  const reader = openPostgresReader(options);
  const writer = makeWire(threadBeside(import.meta.url), start);
  return {
    ...reader,
    take: async (batch) => {
      // Cheaper to hand over than objects.
      if (batch.length > 0) await writer.ask('take', [JSON.stringify(batch)]);
    },
    cursor: async () => readPlace(String(await writer.ask('cursor', []))),
    forget: async (account, address) => Number(await writer.ask('forget', [account, address])),
    prune: async (now) => prunedOf(await writer.ask('prune', [now])),
    close: async () => {
      await Promise.all([reader.close(), writer.close()]);
    },
  };
}

/** As the thread says it. */
function prunedOf(value: unknown): Pruned {
  const isPruned = (one: unknown): one is Pruned =>
    typeof one === 'object' && one !== null && 'deliveries' in one && 'files' in one;
  return isPruned(value) ? value : { deliveries: 0, files: [] };
}

export function openPostgresReader({ address, config, key, poolSize }: PostgresOptions): HistoryReader {
  const veil = makeVeil({ subjects: config.subjects, addresses: config.addresses, key });
  const { ask, close } = openConnections(address, poolSize, { name: 'postino reader', statementMs: READ_MS });
  return {
    search: (query) => orNothing(() => find(ask, query, veil), { items: [] }),
    timeline: (id, owner = {}) => orNothing(() => storyOf(ask, id, owner), undefined),
    statistics: async (query) => {
      const kept = await orNothing(async () => keptOf(await readMeta(ask)), keptOf(new Map()));
      return orNothing(() => sumUp(ask, query, kept), await sumUp(nobody, query, kept));
    },
    reached: () => orNothing(async () => readPlace((await readMeta(ask)).get('cursor')), undefined),
    state: () => orNothing(() => stateOf(ask), NO_TABLES),
    close,
  };
}

/** Where nothing was written yet there is nothing to be found. */
async function orNothing<T>(read: () => Promise<T>, nothing: T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MissingTable) return nothing;
    throw error;
  }
}

const nobody: Ask = () => Promise.resolve([]);
