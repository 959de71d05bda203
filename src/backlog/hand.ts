// The hand of a transport's carrier: deliveries that it took, and what becomes of them when it dies or forgets.
import { textsIn } from '../lib/answers.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Redis } from '../lib/script.ts';
import type { Keys } from './keys.ts';
import { jobOf, type JobAdder } from './queue.ts';
import type { Transitions } from './transitions.ts';

export type HandDeps = Readonly<{
  redis: Redis;
  keys: Keys;
  transitions: Transitions;
  jobs: JobAdder;
  clock: Clock;
  log: Log;
}>;

/** What an earlier holder had in hand goes back into the queue; attempts that it had begun may have been taken. */
export async function recover(deps: HandDeps, transport: string, ours: ReadonlySet<string>): Promise<void> {
  const refs = await inHand(deps, transport, ours);
  if (refs.length > 0)
    deps.log.warn({ transport, deliveries: refs.length }, 'taking over what another process left');
  for (const ref of refs) await release(deps, ref, transport, { ambiguous: true });
}

/**
 * In our hand by the record and not by our memory, twice in a row: the answer to a begin or a pull got lost with the
 * connection. Nothing was sent of these. Resolves to those seen for the first time.
 */
export async function putBackStrays(
  deps: HandDeps,
  transport: string,
  ours: ReadonlySet<string>,
  seen: ReadonlySet<string>,
): Promise<Set<string>> {
  const refs = await inHand(deps, transport, ours);
  for (const ref of refs) if (seen.has(ref)) await release(deps, ref, transport, { ambiguous: false });
  return new Set(refs.filter((ref) => !seen.has(ref)));
}

async function inHand(
  { redis, keys }: HandDeps,
  transport: string,
  ours: ReadonlySet<string>,
): Promise<string[]> {
  const members = await redis.call('SMEMBERS', keys.hand(transport));
  return textsIn(members).filter((ref) => !ours.has(ref));
}

async function release(
  deps: HandDeps,
  ref: string,
  transport: string,
  was: Readonly<{ ambiguous: boolean }>,
): Promise<void> {
  const { redis, keys, transitions, jobs, clock } = deps;
  const delivery = await transitions.read(ref);
  if (delivery === undefined || delivery === 'unknown') {
    await redis.call('SREM', keys.hand(transport), ref);
    return;
  }
  const sending = delivery.state === 'sending';
  const due = clock.now();
  const run = await transitions.schedule(ref, transport, {
    due,
    transport,
    run: delivery.run,
    ambiguous: was.ambiguous && sending ? 1 : 0,
    uncount: !was.ambiguous && sending ? 1 : 0,
    while: 'any',
  });
  if (run !== undefined) await jobs.add(transport, jobOf(delivery, run), due);
}
