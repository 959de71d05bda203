// Takes out what is personal of those who are to be forgotten, in all days.
import { numberAt, storedRow, textAt } from '../columns.ts';
import type { StoredRow } from '../row.ts';
import { forgotten, forgottenRow } from '../veil.ts';
import { dayOf, partitionName } from './days.ts';
import { keyText, saveDeliveries, type Held, type Key } from './deliveries.ts';
import type { Session } from './driver.ts';
import { readEvent, storedEvent } from './events.ts';
import { byKeys, onDays } from './keys.ts';
import { readMeta } from './meta.ts';
import { indexedText } from './params.ts';
import { transact } from './session.ts';

const BATCH = 500;

export type Forgetting = Readonly<{ account: string; addresses: readonly string[] }>;

/** Forgets recipients of an account; answers how many deliveries it were. */
export async function eraseRecipients(session: Session, forgetting: Forgetting): Promise<number> {
  const touched = new Set<number>();
  let count = 0;
  for (let more = true; more;) {
    const done = await transact(session, () => eraseSome(session, forgetting));
    for (const { made } of done) touched.add(dayOf(made));
    count += done.length;
    more = done.length === BATCH;
  }
  // Until then what was there before is still in the files of the database.
  for (const day of touched)
    for (const table of ['deliveries', 'events'] as const)
      await session.ask(`VACUUM postino.${partitionName(table, day)}`);
  return count;
}

type Found = Key & Readonly<{ row: StoredRow }>;

async function eraseSome({ ask }: Session, { account, addresses }: Forgetting): Promise<readonly Found[]> {
  await readMeta(ask, 'locked');
  const stored = addresses.map((address) => indexedText(address));
  const answers = await ask(
    `SELECT d.* FROM postino.deliveries d WHERE lower(d.recipient) = ANY(
      SELECT lower(a COLLATE "C") FROM unnest($1::text[]) AS a) AND d.account = $2 LIMIT ${BATCH}`,
    [stored, indexedText(account)],
  );
  const found = answers.map((answer) => ({
    made: numberAt(answer, 'made') ?? 0,
    delivery: textAt(answer, 'delivery') ?? '',
    row: storedRow(answer),
  }));
  if (found.length === 0) return found;
  await eraseEvents({ ask }, found);
  await saveDeliveries(
    ask,
    found.map(({ made, delivery, row }): Held => ({ made, delivery, saved: row, row: forgottenRow(row) })),
  );
  return found;
}

async function eraseEvents({ ask }: Pick<Session, 'ask'>, found: readonly Found[]): Promise<void> {
  const rows = new Map(found.map((one) => [keyText(one), one.row]));
  const answers = await ask(
    byKeys('k (made, delivery)', {
      kinds: ['bigint', 'text'],
      select: `e.made, e.delivery, e.name, e.body, e.conversation, e.visitor FROM postino.events e
        WHERE e.made = k.made AND e.delivery = k.delivery ${onDays(found, 'e')} OFFSET 0`,
    }),
    [found.map(({ made }) => made), found.map(({ delivery }) => delivery)],
  );
  const rewritten = answers.flatMap((answer) => {
    const key = { made: numberAt(answer, 'made') ?? 0, delivery: textAt(answer, 'delivery') ?? '' };
    const row = rows.get(keyText(key));
    const event = row && readEvent(answer, row);
    const name = textAt(answer, 'name') ?? '';
    return event ? [{ ...key, name, body: storedEvent(forgotten(event), forgottenRow(row)).body }] : [];
  });
  await ask(
    `UPDATE postino.events e SET body = n.body, conversation = NULL, visitor = NULL
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS n (made, delivery, name, body)
      WHERE e.made = n.made AND e.delivery = n.delivery AND e.name = n.name ${onDays(found, 'e')}`,
    [
      rewritten.map(({ made }) => made),
      rewritten.map(({ delivery }) => delivery),
      rewritten.map(({ name }) => name),
      rewritten.map(({ body }) => body),
    ],
  );
}
