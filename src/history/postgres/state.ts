// How the history in PostgreSQL is: how far, how much, how large.
import { numberAt, textAt } from '../columns.ts';
import type { HistoryState } from '../history.ts';
import { readPlace } from '../place.ts';
import { DAY_MS, dayName, listDays } from './days.ts';
import type { Ask } from './driver.ts';
import { readMeta } from './meta.ts';

export const NO_TABLES: HistoryState = {
  kind: 'postgresql',
  cursor: undefined,
  deliveries: 0,
  bytes: 0,
  files: [],
};

export async function stateOf(ask: Ask): Promise<HistoryState> {
  const meta = await readMeta(ask);
  const days = (await listDays(ask)).filter(({ deliveries }) => deliveries > 0);
  const sizes = await sizesOf(ask);
  const [others] = await ask(
    "SELECT pg_total_relation_size('postino.counts') + pg_total_relation_size('postino.series') AS bytes",
  );
  const files = days.map(({ day, deliveries }) => {
    const name = dayName(day);
    return { name, bytes: sizes.get(name.replaceAll('-', '')) ?? 0, deliveries };
  });
  const [oldest, newest] = [days.at(-1), days[0]];
  const [from, to] = [
    oldest && (await edge(ask, 'min', oldest.day)),
    newest && (await edge(ask, 'max', newest.day)),
  ];
  const problem = meta.get('problem');
  return {
    kind: 'postgresql',
    cursor: readPlace(meta.get('cursor')),
    deliveries: days.reduce((sum, { deliveries }) => sum + deliveries, 0),
    ...(from === undefined ? {} : { oldest: from }),
    ...(to === undefined ? {} : { newest: to }),
    bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, numberAt(others ?? {}, 'bytes') ?? 0),
    files,
    ...(problem === undefined || problem === '' ? {} : { problem }),
  };
}

/** Bytes of the partitions by day, such as "20261125". */
async function sizesOf(ask: Ask): Promise<ReadonlyMap<string, number>> {
  const answers = await ask(
    `SELECT right(c.relname, 8) AS day, sum(pg_total_relation_size(c.oid))::bigint AS bytes FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'postino' AND c.relkind = 'r' GROUP BY 1`,
  );
  return new Map(answers.map((answer) => [textAt(answer, 'day') ?? '', numberAt(answer, 'bytes') ?? 0]));
}

async function edge(ask: Ask, which: 'min' | 'max', day: number): Promise<number | undefined> {
  const [answer] = await ask(
    `SELECT ${which}(made) AS made FROM postino.deliveries WHERE made >= ${day * DAY_MS} AND made < ${(day + 1) * DAY_MS}`,
  );
  return answer && numberAt(answer, 'made');
}
