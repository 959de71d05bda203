// A history that is made beside the one in use, in a schema of its own, and takes its place as a whole.
import { comparePlaces, readPlace } from '../place.ts';
import type { Rebuilding } from '../history.ts';
import { makeVeil } from '../veil.ts';
import { dropDay, dayName, listDays } from './days.ts';
import type { Ask } from './driver.ts';
import { MOVED, readMeta } from './meta.ts';
import type { PostgresOptions } from './open.ts';
import { SCHEMA } from './schema.ts';
import { makeWriting, transact, type Writing } from './session.ts';
import { makeTaker } from './take.ts';

const STAGING = `${SCHEMA}_rebuild`;
const OLD = `${SCHEMA}_old`;

/** Begins with nothing, whatever was left of another time. */
export function openPostgresRebuilding({ address, config, key }: PostgresOptions): Rebuilding {
  const taker = makeTaker(makeVeil({ subjects: config.subjects, addresses: config.addresses, key }));
  const inUse = makeWriting(address, 'beside');
  const staging = makeWriting(address, 'beside', STAGING);
  const old = makeWriting(address, 'beside', OLD);
  const remains = [staging, old];
  let cleared: Promise<void> | undefined;
  const clear = (): Promise<void> => (cleared ??= dropAll(inUse, staging, STAGING));
  return {
    take: async (batch) => {
      await clear();
      await staging.run((session) => taker(session, batch));
    },
    swap: async (readOn) => {
      await clear();
      await dropAll(inUse, old, OLD);
      const months = await monthsOf(staging);
      const isDone = await inUse.run((session) =>
        transact(session, async () => {
          const meta = await readMeta(session.ask, 'locked');
          await readOn();
          if (startsBefore(meta.get('first'), await firstOf(staging))) return false;
          await exchange(session.ask, Number(meta.get('series') ?? 0));
          return true;
        }),
      );
      if (!isDone) return { months: [], kept: ['The history in PostgreSQL'] };
      await dropAll(inUse, old, OLD);
      return { months, kept: [] };
    },
    close: async () => {
      await dropAll(inUse, staging, STAGING).catch(() => undefined);
      await Promise.all([inUse, ...remains].map((writing) => writing.close()));
    },
  };
}

/** Whoever waits to write sees that these tables have moved; whoever comes later finds other series. */
async function exchange(ask: Ask, series: number): Promise<void> {
  await ask(`UPDATE postino.meta SET value = '${MOVED}' WHERE name = 'cursor';
    UPDATE ${STAGING}.meta SET value = '${series + 1}' WHERE name = 'series';
    ALTER SCHEMA ${SCHEMA} RENAME TO ${OLD}; ALTER SCHEMA ${STAGING} RENAME TO ${SCHEMA};`);
}

/** Does the history in use know events that are older than all that was read for the new one? */
function startsBefore(old: string | undefined, made: string | undefined): boolean {
  const [before, now] = [readPlace(old), readPlace(made)];
  return before !== undefined && (now === undefined || comparePlaces(before, now) < 0);
}

function firstOf(writing: Writing): Promise<string | undefined> {
  return writing.run(async ({ ask }) => (await readMeta(ask)).get('first'));
}

async function monthsOf(writing: Writing): Promise<readonly string[]> {
  const days = await writing.run(({ ask }) => listDays(ask));
  const months = days.filter(({ deliveries }) => deliveries > 0).map(({ day }) => dayName(day).slice(0, 7));
  return [...new Set(months)].toReversed();
}

/** Day by day: a transaction has room for so many locks, and a year of partitions needs more. */
async function dropAll(inUse: Writing, within: Writing, schema: string): Promise<void> {
  const [found] = await inUse.run(({ ask }) =>
    ask('SELECT 1 AS there FROM pg_namespace WHERE nspname = $1', [schema]),
  );
  if (!found) return;
  const days = await within.run(({ ask }) => listDays(ask));
  for (const { day } of days) await within.run((session) => dropDay(session, day));
  await within.close();
  await inUse.run(({ ask }) => ask(`DROP SCHEMA ${schema} CASCADE`));
}
