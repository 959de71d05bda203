// Verdicts of a scanner on messages: kept in the submission itself, so that they live and end with it.
import type { Redis } from '../lib/script.ts';
import { loadScript } from '../lib/script.ts';
import type { Scan } from '../model/scan.ts';
import { readSubmission, type Submission } from '../model/submission.ts';
import type { Keys } from './keys.ts';

const noteScript = loadScript(new URL('./scripts/note-scan-1.lua', import.meta.url));

/** Others change a submission rarely: where its body lies, once. */
const MAX_TRIES = 10;
const BUSY = 'busy';

export type Verdicts = ReturnType<typeof makeVerdicts>;

/** Opens the verdicts over one connection; all of it rejects with RedisTrouble. */
export function makeVerdicts({ redis, keys }: Readonly<{ redis: Redis; keys: Keys }>) {
  const keyOf = ({ account, id }: Submission): string => keys.submission(account, id);
  const claimOf = ({ account, id }: Submission): string => keys.scanning(account, id);
  const readJson = async (submission: Submission): Promise<string | undefined> => {
    const json = await redis.call('GET', keyOf(submission));
    return typeof json === 'string' ? json : undefined;
  };
  return {
    /** True for one process at a time; else why its scan is put off, where that is known. */
    claim: async (
      submission: Submission,
      ms: number,
    ): Promise<Readonly<{ mine: boolean; later?: string }>> => {
      const key = claimOf(submission);
      const set = await redis.call('SET', key, BUSY, 'NX', 'PX', Math.round(ms));
      if (set !== null) return { mine: true };
      const value = await redis.call('GET', key);
      return typeof value !== 'string' || value === BUSY || value === ''
        ? { mine: false }
        : { mine: false, later: value };
    },
    putOff: async (submission: Submission, reason: string, ms: number): Promise<void> => {
      await redis.call('SET', claimOf(submission), reason, 'PX', Math.max(1, Math.round(ms)));
    },
    read: async (submission: Submission): Promise<Submission | undefined> => {
      const json = await readJson(submission);
      return json === undefined ? undefined : readSubmission(json);
    },
    /** Keeps the first verdict. `force` takes the place of another one. Resolves to the submission as it is then. */
    keep: async (submission: Submission, scan: Scan, force?: 'force'): Promise<Submission> => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const json = await readJson(submission);
        const now = json === undefined ? undefined : readSubmission(json);
        // It ended meanwhile, which the attempt finds out by itself.
        if (json === undefined || !now) return { ...submission, scan };
        if (now.scan && force === undefined) return now;
        const next: Submission = { ...now, scan };
        if (Number(await redis.run(noteScript, [keyOf(submission)], [json, JSON.stringify(next)])) === 1)
          return next;
      }
      throw new Error(`the verdict on ${submission.id} could not be kept`);
    },
  };
}
