// Opens the history in PostgreSQL: for writing by the one elected process, for reading by any process of any host.
import type { HistoryConfig } from '../config.ts';
import type { History, HistoryReader } from '../history.ts';
import { readPlace } from '../place.ts';
import { makeVeil } from '../veil.ts';
import type { PostgresAddress } from './address.ts';
import { MissingTable, openConnections, type Ask } from './driver.ts';
import { eraseRecipients } from './erase.ts';
import { find } from './find.ts';
import { keptOf, readMeta } from './meta.ts';
import { pruneAll } from './prune.ts';
import { makeWriting } from './session.ts';
import { NO_TABLES, stateOf } from './state.ts';
import { storyOf } from './story.ts';
import { sumUp } from './sum.ts';
import { makeTaker } from './take.ts';

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
  const { address, config, key } = options;
  const veil = makeVeil({ subjects: config.subjects, addresses: config.addresses, key });
  const reader = openPostgresReader(options);
  const writer = makeWriting(address, 'writer');
  const beside = makeWriting(address, 'beside');
  const taker = makeTaker(veil);
  return {
    ...reader,
    take: (batch) => writer.run((session) => taker(session, batch)),
    cursor: () => writer.run(async ({ ask }) => readPlace((await readMeta(ask)).get('cursor'))),
    forget: (account, address_) =>
      beside.run((session) => eraseRecipients(session, { account, addresses: veil.recipients(address_) })),
    prune: (now) => pruneAll(beside, { keep: config.keep, now }),
    close: async () => {
      await Promise.all([reader.close(), writer.close(), beside.close()]);
    },
  };
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
