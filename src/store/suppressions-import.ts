// Reads a suppression list that somebody brings, in turns: it may have millions of lines, and mail waits for none of them.
import { nextTurn, type EpochMs } from '../lib/clock.ts';
import { fieldOf, suppressionsIn, type CsvProblem, type Suppression } from './suppressions-csv.ts';

/** What became of a list. `wrong` are lines that are none; `problems` the first of them. */
export type Imported = Readonly<{
  added: number;
  known: number;
  wrong: number;
  problems: readonly CsvProblem[];
}>;

/** After so many lines others have their turn. */
const LINES_A_TURN = 500;
const TOLD = 100;

/** The entries of CSV text, each once: the first of a place. */
export async function readSuppressions(
  text: string,
  now: EpochMs,
): Promise<Pick<Imported, 'wrong' | 'problems'> & Readonly<{ entries: readonly Suppression[] }>> {
  const entries = new Map<string, Suppression>();
  const problems: CsvProblem[] = [];
  let wrong = 0;
  let lines = 0;
  for (const one of suppressionsIn(text, now)) {
    if (++lines % LINES_A_TURN === 0) await nextTurn();
    if (!one) continue;
    if ('line' in one) {
      wrong++;
      if (problems.length < TOLD) problems.push(one);
    } else if (!entries.has(fieldOf(one))) entries.set(fieldOf(one), one);
  }
  return { entries: [...entries.values()], wrong, problems };
}
