// The connection that writes: opened when it is needed, with the tables it needs, and again after it was lost.
import { randomUUID } from 'node:crypto';
import { textAt } from '../columns.ts';
import { HistoryProblem } from '../problem.ts';
import type { PostgresAddress } from './address.ts';
import { openSession, type Ask, type Session } from './driver.ts';
import { META, migrations, VERSION } from './schema.ts';

export type Writing = Readonly<{
  /** One piece of work after the other; the connection is made anew after one that failed. */
  run<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}>;

/** Numbers of our locks: of the one writer, and of whoever makes the tables. */
const WRITER_LOCK = 0x706f7374;
const TABLES_LOCK = WRITER_LOCK + 1;
const STATEMENT_MS = 120_000;

/** `writer`: keeps every other writer away, for as long as it is open; `beside`: works beside that one. */
export function makeWriting(address: PostgresAddress, role: 'writer' | 'beside', schema?: string): Writing {
  const preparing = { address, role, schema };
  // By this name we know a connection of ours that the server still believes in.
  const name = `postino ${role} ${randomUUID().slice(0, 8)}`;
  let session: Session | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const open = async (): Promise<Session> => {
    if (!session?.isOpen()) session = await openPrepared(preparing, name);
    return session;
  };
  const close = async (): Promise<void> => {
    const gone = session;
    session = undefined;
    await gone?.close();
  };
  const attempt = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const opened = await open();
    try {
      return await work(opened);
    } catch (error) {
      await close();
      throw error;
    }
  };
  return {
    run: (work) => {
      const next = last.then(() => attempt(work));
      last = next.catch(() => undefined);
      return next;
    },
    close: async () => {
      await last;
      await close();
    },
  };
}

type Preparing = Readonly<{
  address: PostgresAddress;
  role: 'writer' | 'beside';
  schema: string | undefined;
}>;

async function openPrepared({ address, role, schema }: Preparing, name: string): Promise<Session> {
  const within = schema === undefined ? {} : { schema };
  const opened = await openSession(address, { name, statementMs: STATEMENT_MS, ...within });
  try {
    await prepare(opened.ask, role, name);
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function prepare(ask: Ask, role: 'writer' | 'beside', name: string): Promise<void> {
  // A client that is gone without a word is noticed within a minute, not within hours.
  await ask('SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;');
  if (role === 'writer') await lock(ask, name);
  await makeTables(ask);
}

async function lock(ask: Ask, name: string): Promise<void> {
  const isMine = async (): Promise<boolean> => {
    const [answer] = await ask('SELECT pg_try_advisory_lock($1) AS mine', [WRITER_LOCK]);
    return answer?.['mine'] === true;
  };
  if (await isMine()) return;
  await ask(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
    [name],
  );
  if (!(await isMine())) throw new HistoryProblem('Another process writes the history in this database.');
}

/** Makes the tables, or what a newer version has changed in them. */
async function makeTables(ask: Ask): Promise<void> {
  const found = await versionOf(ask);
  if (found && found.version >= VERSION) return refuseNewer(found.needs);
  await ask(`SELECT pg_advisory_lock(${TABLES_LOCK})`);
  try {
    await ask(META);
    const version = (await versionOf(ask))?.version ?? 0;
    for (let step = version; step < VERSION; step++)
      await ask(`BEGIN; ${migrations[step] ?? ''}
        UPDATE postino.meta SET value = '${step + 1}' WHERE name = 'version'; COMMIT;`);
  } finally {
    await ask(`SELECT pg_advisory_unlock(${TABLES_LOCK})`).catch(() => undefined);
  }
}

type Found = Readonly<{ version: number; needs: number }>;

async function versionOf(ask: Ask): Promise<Found | undefined> {
  const [table] = await ask("SELECT to_regclass('postino.meta') IS NOT NULL AS there");
  if (table?.['there'] !== true) return undefined;
  const answers = await ask("SELECT name, value FROM postino.meta WHERE name IN ('version', 'needs')");
  const at = (name: string): number => {
    const row = answers.find((answer) => textAt(answer, 'name') === name);
    return Number((row && textAt(row, 'value')) ?? 0);
  };
  return { version: at('version'), needs: at('needs') };
}

/** A newer Postino beside this one may have added to the tables; it says when an older one must not write them any more. */
function refuseNewer(needs: number): void {
  if (needs > VERSION)
    throw new HistoryProblem(
      `The history in PostgreSQL is for version ${needs} of its tables, and this Postino knows ${VERSION}.`,
    );
}

/** Runs `work` as one transaction: all of it or nothing. */
export async function transact<T>({ ask }: Session, work: () => Promise<T>): Promise<T> {
  await ask('BEGIN');
  try {
    const result = await work();
    await ask('COMMIT');
    return result;
  } catch (error) {
    await ask('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
