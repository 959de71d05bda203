// How long slow CSS is waited for. A delivery whose first attempts all waited goes without from then on; any other never does.
import type { Delivery } from '../../model/delivery.ts';
import type { Submission } from '../../model/submission.ts';
import { PATIENCE, type How } from './source.ts';

/** Attempts that waited for something slow; outlives the process. Rejects when that cannot be known now. */
export type Waits = Readonly<{
  /** The present attempt does; the same again is no harm. */
  note(delivery: Delivery): Promise<void>;
  count(delivery: Delivery): Promise<number>;
}>;

/**
 * What an attempt is to do. Whether CSS is inlined must not depend on how fast the machine is just now, or a letter that was sent
 * before could go out with other bytes (design promise 2): it is left as it is only where no letter can have been made before.
 */
export async function howFor(waits: Waits, submission: Submission, delivery: Delivery): Promise<How> {
  const { attempts } = delivery;
  const asks = submission.instructions.inlineCss === true && attempts > PATIENCE;
  return { attempts, keepsCss: asks && (await waits.count(delivery)) >= PATIENCE };
}

/** Notes that an attempt made no letter, because CSS was slow. */
export async function noteWait(waits: Waits, delivery: Delivery): Promise<void> {
  if (delivery.attempts <= PATIENCE) await waits.note(delivery);
}
