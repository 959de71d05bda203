// Bodies that have waited long leave Redis' memory for the disk.
import { newId } from '../lib/ids.ts';
import type { Clock } from '../lib/clock.ts';
import { loadScript, RedisTrouble, type Redis } from '../lib/script.ts';
import type { Submission } from '../model/submission.ts';
import { storeKeys } from './keys.ts';
import { openFileSpill } from './spill.ts';

const moveOutScript = loadScript(new URL('./scripts/move-out-3.lua', import.meta.url));

export type MoveOutDeps = Readonly<{ redis: Redis; prefix: string; clock: Clock; folder: string }>;

/**
 * Writes the body of a submission to a synced file and then drops it from Redis. Resolves to false when there was nothing
 * to move. Rejects with RedisTrouble, or with the system's error when the disk is full: the body then stays where it is.
 */
export async function moveOut(deps: MoveOutDeps, submission: Submission): Promise<boolean> {
  if (submission.body !== 'redis:') return false;
  const { redis, prefix, clock, folder } = deps;
  const keys = storeKeys(prefix);
  const id = `${submission.account}:${submission.id}`;
  const bodyKey = keys.body(submission.account, submission.id);
  const body = await redis.callBuffer('GET', bodyKey);
  if (!Buffer.isBuffer(body)) return false;
  const spill = await openFileSpill(folder, newId(clock.now()));
  try {
    await spill.write(body);
    const locator = await spill.commit();
    const record = JSON.stringify({ ...submission, body: locator });
    const name = locator.slice(locator.indexOf(':') + 1);
    const moved = Number(
      await redis.run(moveOutScript, [keys.submission(id), bodyKey, keys.spilled], [record, name, id]),
    );
    if (moved !== 1) await spill.discard();
    return moved === 1;
  } catch (error) {
    // No answer is no proof that nothing was written: the sweep removes the file if nobody names it.
    if (!(error instanceof RedisTrouble)) await spill.discard();
    throw error;
  }
}
