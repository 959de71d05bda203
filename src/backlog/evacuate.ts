// Deliveries of a transport that nobody can work any more go to the others of their pool.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { refOf, type Delivery } from '../model/delivery.ts';
import type { Operate } from './operate.ts';
import { jobOf, type JobAdder } from './queue.ts';
import type { Transitions } from './transitions.ts';

export type EvacuateDeps = Readonly<{
  operate: Pick<Operate, 'select'>;
  transitions: Transitions;
  jobs: JobAdder;
  clock: Clock;
  log: Log;
  /** Another transport for the delivery; the same one, or "", when its pool has no better. */
  chooseAgain(delivery: Delivery): string;
}>;

/**
 * Moves what belongs to `transport`, whose lease nobody has held for a while ("": what has none yet). What was being sent when its holder died
 * counts as ambiguous. Resolves to how many were moved. Rejects with RedisTrouble.
 */
export async function evacuate(transport: string, deps: EvacuateDeps): Promise<number> {
  let moved = 0;
  for await (const delivery of deps.operate.select({ transport })) {
    const target = deps.chooseAgain(delivery);
    if (target === '' || target === transport) continue;
    const due = Math.max(delivery.due, deps.clock.now());
    const ambiguous = delivery.state === 'sending' ? 1 : 0;
    const next = { due, transport: target, run: delivery.run, ambiguous, while: 'any' } as const;
    const ref = refOf(delivery);
    const run = await deps.transitions.schedule(ref, transport, next);
    if (run === undefined) continue;
    await deps.jobs.add(target, jobOf(delivery, run), due);
    moved++;
  }
  if (moved > 0)
    deps.log.warn(
      { transport, deliveries: moved },
      transport === ''
        ? 'deliveries that had no transport were given one'
        : 'nobody can send from this transport; its deliveries moved',
    );
  return moved;
}
