// Deliveries of a transport that nothing leaves by any more go to the others of their pool.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { refOf, type Delivery, type WayOut } from '../model/delivery.ts';
import type { Operate } from './operate.ts';
import { jobOf, type JobAdder } from './queue.ts';
import { scheduleOf, type Transitions } from './transitions.ts';

export type EvacuateDeps = Readonly<{
  operate: Pick<Operate, 'select'>;
  transitions: Transitions;
  jobs: JobAdder;
  clock: Clock;
  log: Log;
  /** Another transport for the delivery; the same one, or "", when its pool has no better. */
  chooseAgain(delivery: Delivery): WayOut;
}>;

/**
 * Moves what belongs to `transport` ("": what has none yet). What was being sent when its holder died counts as ambiguous;
 * what a holder that is alive sends just now ends with it. Resolves to how many were moved. Rejects with RedisTrouble.
 */
export async function evacuate(
  transport: string,
  deps: EvacuateDeps,
  holder: 'alive' | 'dead',
): Promise<number> {
  let moved = 0;
  for await (const delivery of deps.operate.select({ transport })) {
    const way = deps.chooseAgain(delivery);
    const target = way.transport;
    if (target === '' || target === transport) continue;
    const due = Math.max(delivery.due, deps.clock.now());
    if (delivery.state === 'sending' && holder === 'alive') continue;
    const ambiguous = delivery.state === 'sending' ? 1 : 0;
    const next = {
      ...scheduleOf(way),
      due,
      run: delivery.run,
      ambiguous,
      while: holder === 'alive' ? 'idle' : 'any',
    } as const;
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
        : 'nothing leaves by this transport now; its deliveries moved to others',
    );
  return moved;
}
