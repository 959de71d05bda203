// One file of the history, for writing: what was accepted in a month, and all that became of it, however much later.
import type { Place, Recorded } from '../history.ts';
import { comparePlaces, placeText, readPlace } from '../place.ts';
import { makeCube, type Cube } from '../cube.ts';
import { acceptedAt, nextRow } from '../row.ts';
import type { Kept } from '../sets.ts';
import { tallies } from '../tally.ts';
import { makeChunks, type Chunks } from './chunks.ts';
import { makeCountsWriter, type CountsWriter } from './counts.ts';
import { openToWrite, transact, type Database } from './database.ts';
import { makeMeta, type Meta } from './meta.ts';
import { monthStart } from './months.ts';
import { makeRows, type Rows } from './rows.ts';
import { makeTables } from './schema.ts';

export type Month = Readonly<{
  database: Database;
  meta: Meta;
  /** Takes events of deliveries of this month, all or nothing; those up to its own cursor are passed over. */
  take(batch: readonly Recorded[], kept: Kept): void;
  /** What is in memory may not be what is stored any more. */
  forget(): void;
  close(): void;
}>;

export function openMonth(path: string, month: string): Month {
  const database = openToWrite(path);
  try {
    makeTables(database, 'month');
    return makeMonth(database, month);
  } catch (error) {
    database.close();
    throw error;
  }
}

function makeMonth(database: Database, month: string): Month {
  const meta = makeMeta(database);
  const rows = makeRows(database, monthStart(month));
  const chunks = makeChunks(database);
  const counts = makeCountsWriter(database);
  const cube = makeCube();
  const forget = (): void => {
    cube.take();
    for (const part of [rows, chunks, counts]) part.forget();
  };

  const takeOne = makeTakeOne({ rows, chunks, counts, cube });
  const take = (batch: readonly Recorded[], kept: Kept): void => {
    const done = readPlace(meta.get('cursor'));
    const fresh = done ? batch.filter(({ cursor }) => comparePlaces(cursor, done) > 0) : batch;
    const last: Place | undefined = fresh.at(-1)?.cursor;
    if (!last) return;
    try {
      transact(database, () => {
        for (const recorded of fresh) takeOne(recorded, kept);
        rows.save();
        chunks.save();
        counts.add(cube.take(), kept);
        if (!done) meta.set('first', placeText(fresh[0]?.cursor ?? last));
        meta.set('cursor', placeText(last));
      });
    } catch (error) {
      forget();
      throw error;
    }
  };
  return { database, meta, take, forget, close: () => database.close() };
}

type Parts = Readonly<{ rows: Rows; chunks: Chunks; counts: CountsWriter; cube: Cube }>;

function makeTakeOne({ rows, chunks, counts, cube }: Parts): (recorded: Recorded, kept: Kept) => void {
  return ({ event }, kept) => {
    const held = rows.hold(event.delivery, acceptedAt(event));
    const before = held.row;
    const link = event.type === 'clicked' ? (event.link ?? 0) : undefined;
    const followed = link === undefined ? 'never' : chunks.followed(held.id, link);
    const after = nextRow(before, event);
    if (!chunks.add(held.id, event, after)) return; // told twice
    rows.change(held, after);
    for (const tally of tallies(event, { row: before, followed }, after)) cube.add(after, tally, kept);
    const { account, campaign, campaignName } = after;
    if (campaign !== undefined && campaignName !== undefined) counts.name(account, campaign, campaignName);
  };
}
