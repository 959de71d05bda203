// Removes what is kept no longer: whole days as partitions, the rest in pieces.
import type { EpochMs } from '../../lib/clock.ts';
import { numberAt } from '../columns.ts';
import type { Keep } from '../config.ts';
import type { Pruned } from '../history.ts';
import { intervalMs, keptName } from '../sets.ts';
import { intervals } from '../statistics.ts';
import { DAY_MS, dayName, dayOf, dropDay, listDays, partitionName } from './days.ts';
import type { Session } from './driver.ts';
import { readMeta, saveMeta } from './meta.ts';
import { transact, type Writing } from './session.ts';

type Due = Readonly<{ keep: Keep; now: EpochMs }>;

/** One piece at a time. A day goes when all of it is old enough. */
export async function pruneAll(writing: Writing, due: Due): Promise<Pruned> {
  const { keep, now } = due;
  await writing.run((session) => saveKept(session, due));
  const days = await writing.run(({ ask }) => listDays(ask));
  const longest = Math.max(keep.deliveries, ...Object.values(keep.users));
  const shortest = Math.min(keep.deliveries, ...Object.values(keep.users));
  let deliveries = 0;
  const files: string[] = [];
  for (const { day, deliveries: count } of days) {
    const end = (day + 1) * DAY_MS;
    if (end <= now - longest) {
      await writing.run((session) => dropDay(session, day));
      deliveries += count;
      if (count > 0) files.push(dayName(day));
    } else if (end <= now - shortest) {
      deliveries += await writing.run((session) => removeOfUsers(session, day, due));
    }
  }
  await writing.run((session) => stripDays(session, due));
  await writing.run((session) => pruneCounts(session, due));
  return { deliveries, files };
}

async function saveKept({ ask }: Session, { keep, now }: Due): Promise<void> {
  for (const interval of intervals)
    await saveMeta(ask, keptName(interval), String(Math.max(0, now - keep[`${interval}s`])));
}

/** Deliveries of a day whose users' mail is kept for a shorter time than that of others. */
async function removeOfUsers(session: Session, day: number, { keep, now }: Due): Promise<number> {
  const isOld = (ms: number): boolean => (day + 1) * DAY_MS <= now - ms;
  const named = Object.entries(keep.users);
  const [old, young] = [named.filter(([, ms]) => isOld(ms)), named.filter(([, ms]) => !isOld(ms))];
  const users = (isOld(keep.deliveries) ? young : old).map(([user]) => user);
  const where = isOld(keep.deliveries) ? 'NOT (d."user" = ANY($1))' : 'd."user" = ANY($1)';
  const { ask } = session;
  const [tableOfDeliveries, tableOfEvents] = [partitionName('deliveries', day), partitionName('events', day)];
  return transact(session, async () => {
    await readMeta(ask, 'locked');
    await ask(
      `DELETE FROM postino.${tableOfEvents} e USING postino.${tableOfDeliveries} d
        WHERE e.made = d.made AND e.delivery = d.delivery AND ${where}`,
      [users],
    );
    const [removed] = await ask(
      `WITH gone AS (DELETE FROM postino.${tableOfDeliveries} d WHERE ${where} RETURNING 1) SELECT count(*) AS count FROM gone`,
      [users],
    );
    const count = numberAt(removed ?? {}, 'count') ?? 0;
    if (count > 0)
      await ask('UPDATE postino.days SET deliveries = deliveries - $1 WHERE day = $2', [count, day]);
    return count;
  });
}

const STRIPPED = ['conversation', 'visitor'] as const;

/** Takes conversations and visitors out of events that are older than these are kept, to whole days. */
async function stripDays(session: Session, { keep, now }: Due): Promise<void> {
  const { ask } = session;
  for (const column of STRIPPED) {
    const before = dayOf(now - keep[`${column}s`]) * DAY_MS;
    const days = await ask(`SELECT day FROM postino.days WHERE ${column}_at < ${before} ORDER BY day`);
    for (const answer of days) {
      const day = numberAt(answer, 'day') ?? 0;
      const table = `postino.${partitionName('events', day)}`;
      await transact(session, async () => {
        // Whoever takes events waits here, so that none is overlooked.
        await ask('SELECT day FROM postino.days WHERE day = $1 FOR UPDATE', [day]);
        await ask(`UPDATE ${table} SET ${column} = NULL WHERE at < ${before} AND ${column} IS NOT NULL`);
        await ask(`UPDATE postino.days SET ${column}_at = (SELECT min(at) FROM ${table} WHERE ${column} IS NOT NULL)
          WHERE day = ${day}`);
      });
    }
  }
}

/** Removes old counts, and series that have none left. */
async function pruneCounts(session: Session, { keep, now }: Due): Promise<void> {
  const { ask } = session;
  let removed = 0;
  for (const [number, interval] of intervals.entries()) {
    const before = Math.floor((now - keep[`${interval}s`]) / intervalMs[interval]);
    const [answer] = await ask(
      `WITH gone AS (DELETE FROM postino.counts WHERE interval = ${number} AND at < ${before} RETURNING 1)
        SELECT count(*) AS count FROM gone`,
    );
    removed += numberAt(answer ?? {}, 'count') ?? 0;
  }
  if (removed === 0) return;
  await transact(session, async () => {
    const meta = await readMeta(ask, 'locked');
    const gone = await ask(
      `DELETE FROM postino.series s WHERE NOT EXISTS (SELECT 1 FROM postino.counts c WHERE c.series = s.id) RETURNING s.key`,
    );
    if (gone.length > 0) await saveMeta(ask, 'series', String(Number(meta.get('series') ?? 0) + 1));
  });
}
