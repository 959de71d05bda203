// The partitions: one of deliveries and one of their events for each day that deliveries were accepted on.
import type { EpochMs } from '../../lib/clock.ts';
import { numberAt } from '../columns.ts';
import type { Event } from '../../model/event.ts';
import { acceptedAt } from '../row.ts';
import type { Ask, Session } from './driver.ts';

export const DAY_MS = 86_400_000;
const LAST_MS = 253_402_300_799_999;
/** Partitions that are made before their day has come. */
const AHEAD = 2;

/** When the delivery was accepted, within what is a time at all. */
export function madeOf(event: Pick<Event, 'delivery' | 'at' | 'age'>): EpochMs {
  const at = acceptedAt(event);
  return Number.isFinite(at) ? Math.trunc(Math.min(Math.max(0, at), LAST_MS)) : 0;
}

export function dayOf(made: EpochMs): number {
  return Math.floor(made / DAY_MS);
}

/** "2026-11-25". */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

const TABLES = ['deliveries', 'events'] as const;
// Rows are changed soon after they were made, mostly: some room beside them saves work.
const WITH = {
  deliveries: 'fillfactor = 80, autovacuum_vacuum_insert_scale_factor = 0.5',
  events: 'toast_tuple_target = 256, autovacuum_vacuum_insert_scale_factor = 0.5',
} as const;

export function partitionName(table: (typeof TABLES)[number], day: number): string {
  return `${table}_${dayName(day).replaceAll('-', '')}`;
}

export type Days = Readonly<{
  /** Makes partitions for these days, and for the next ones after the newest. */
  ensure(session: Session, days: Iterable<number>): Promise<void>;
  forget(): void;
}>;

export function makeDays(): Days {
  const known = new Set<number>();
  return {
    ensure: async (session, days) => {
      const asked = new Set(days);
      const newest = Math.max(...asked);
      if (asked.size > 0) for (let ahead = 1; ahead <= AHEAD; ahead++) asked.add(newest + ahead);
      for (const day of [...asked].filter((one) => !known.has(one))) {
        await makeDay(session, day);
        known.add(day);
      }
    },
    forget: () => known.clear(),
  };
}

/** Attaching, other than creating in place, does not keep readers from the table. */
async function makeDay({ ask }: Session, day: number): Promise<void> {
  const [found] = await ask('SELECT day FROM postino.days WHERE day = $1', [day]);
  if (found) return;
  const range = `FROM (${day * DAY_MS}) TO (${(day + 1) * DAY_MS})`;
  const steps = TABLES.map((table) => {
    const name = `postino.${partitionName(table, day)}`;
    return `CREATE TABLE ${name} (LIKE postino.${table} INCLUDING ALL EXCLUDING INDEXES) WITH (${WITH[table]});
      ALTER TABLE postino.${table} ATTACH PARTITION ${name} FOR VALUES ${range};`;
  });
  // Several statements without values are one transaction.
  await ask(`${steps.join('\n')} INSERT INTO postino.days (day, deliveries) VALUES (${day}, 0);`);
}

/** Days that have partitions, newest first. */
export async function listDays(ask: Ask): Promise<readonly Readonly<{ day: number; deliveries: number }>[]> {
  const answers = await ask('SELECT day, deliveries FROM postino.days ORDER BY day DESC');
  return answers.map((answer) => ({
    day: numberAt(answer, 'day') ?? 0,
    deliveries: numberAt(answer, 'deliveries') ?? 0,
  }));
}

/** Removes a day as a whole. */
export async function dropDay({ ask }: Session, day: number): Promise<void> {
  const drops = TABLES.map((table) => `DROP TABLE IF EXISTS postino.${partitionName(table, day)};`);
  await ask(`BEGIN; SET LOCAL lock_timeout = '5s'; ${drops.join(' ')}
    DELETE FROM postino.days WHERE day = ${day}; COMMIT;`);
}
