// What one delivering process does for all: reconcile, move away from where nothing leaves, put bodies to rest, sweep.
import { evacuate } from '../backlog/evacuate.ts';
import { holdLease, type Lease } from '../backlog/lease.ts';
import { reconcile } from '../backlog/reconcile.ts';
import { putToRest } from '../backlog/rest.ts';
import { textsIn } from '../lib/answers.ts';
import type { Transport } from '../model/settings.ts';
import type { Base } from './base.ts';
import { endPauses } from './shaping.ts';
import { ORPHAN_MS } from './choice.ts';

const RECONCILE_MS = 15_000;
const MOVE_MS = 3_000;
const SWEEP_MS = 15 * 60_000;
/** A search through all that waits found nothing to move: while nothing else changes, the next one is later. */
const FRUITLESS_MS = 60_000;

type EvacuateDeps = Parameters<typeof evacuate>[1];

export type HouseDeps = Parameters<typeof reconcile>[0] &
  Omit<EvacuateDeps, 'operate'> &
  Parameters<typeof putToRest>[0] &
  Readonly<{ operate: Base['operate'] }>;

export type House = Readonly<{ stop(): Promise<void> }>;

/** Begins to keep house, where no other process does. */
export function keepHouse(base: Base, deps: HouseDeps): House {
  const { clock, settings, states } = base;
  const moving = makeMoving(base, deps);
  let round = Promise.resolve();
  let wanted = false;
  const lease: Lease = holdLease(
    'reconciler',
    { ...base, redis: base.asking },
    { gained: () => undefined, lost: () => undefined },
  );
  const quietly = (what: () => Promise<unknown>): void => {
    round = round
      .then(async () => lease.valid() && what())
      .then(() => undefined)
      .catch((error: unknown) => deps.log.debug({ error: String(error) }, 'housekeeping was interrupted'));
  };
  /** Many changes at once are one reason to look. */
  const moveSoon = (): void => {
    if (wanted) return;
    wanted = true;
    quietly(() => {
      wanted = false;
      return moving();
    });
    // Where the lease is another's, there is no round.
    void round.then(() => {
      wanted = false;
    });
  };
  const work = async (): Promise<void> => {
    await reconcile(deps);
    await putToRest(deps);
    await endPauses(base);
  };
  const ends = [
    settings.onChange(moveSoon),
    states.onChange(moveSoon),
    clock.every(MOVE_MS, moveSoon),
    clock.every(RECONCILE_MS, () => quietly(work)),
    clock.every(SWEEP_MS, () => quietly(base.bodies.sweep)),
  ];
  return {
    stop: async () => {
      for (const end of ends) end();
      await round;
      await lease.release();
    },
  };
}

/** Makes the round that moves deliveries away from transports that nothing leaves by, where there are others. */
function makeMoving(base: Base, deps: HouseDeps): () => Promise<void> {
  const { clock, holders, settingsNow, states } = base;
  /** When each transport was searched in vain. */
  const fruitless = new Map<string, number>();
  let ways = '';
  const isFruitless = (name: string): boolean =>
    clock.ticks() - (fruitless.get(name) ?? Number.NEGATIVE_INFINITY) < FRUITLESS_MS;
  const leave = async (name: string, holder: 'alive' | 'dead'): Promise<void> => {
    if (isFruitless(name)) return;
    if (await isEmpty(deps, name)) return;
    if ((await evacuate(name, deps, holder)) === 0) fruitless.set(name, clock.ticks());
  };
  /** What belonged to a removed one goes to the others of its pool, or waits for one; what is paused does, too. */
  const clear = async (name: string): Promise<void> => {
    if (isFruitless(name)) return;
    await evacuate(name, deps, 'dead');
    for await (const _ of deps.operate.select({ transport: name })) {
      fruitless.set(name, clock.ticks());
      return;
    }
    await base.asking.call('SREM', base.keys.carried, name);
  };
  return async () => {
    const { transports } = settingsNow();
    // What found no transport in its pool is looked at anew when there are others than before, and else by the reconciler.
    const now = waysOut([...transports.values()], base);
    const changed = now !== ways;
    if (changed) fruitless.clear();
    for (const { name, paused, draining } of transports.values()) {
      if (!paused && holders.orphanedFor(name) > ORPHAN_MS) await leave(name, 'dead');
      else if (draining || states.stateOf(name).state === 'quarantined') await leave(name, 'alive');
    }
    for (const name of await removedOnes(base)) await clear(name);
    if (changed) await evacuate('', deps, 'alive');
    ways = now;
  };
}

/** True when nothing belongs to it: much cheaper to see than a search. */
async function isEmpty({ operate }: HouseDeps, transport: string): Promise<boolean> {
  const { perTransport } = await operate.depth([transport]);
  return perTransport.every(({ waiting, later, sending }) => waiting + later + sending === 0);
}

/** Which transports each pool has, and what speaks against them, as one text to compare. */
function waysOut(transports: readonly Transport[], { states, holders, settingsNow }: Base): string {
  const pools = [...settingsNow().pools.values()].map((pool) =>
    [pool.name, pool.fallback, pool.whenAllBad].join(),
  );
  const members = transports.map(({ name, pool, paused, draining }) => {
    const { state, cause } = states.stateOf(name);
    return [pool, name, paused, draining, state, cause, holders.isHeld(name)].join();
  });
  return [...members.sort(), ...pools.sort()].join(' ');
}

/** Transports that are in the settings no more, and that nobody works any more: a carrier may still end in good order. */
async function removedOnes({ asking, keys, settingsNow }: Base): Promise<readonly string[]> {
  const { transports } = settingsNow();
  const removed = textsIn(await asking.call('SMEMBERS', keys.carried)).filter(
    (name) => !transports.has(name),
  );
  const held = await Promise.all(removed.map((name) => asking.call('EXISTS', keys.lease(name))));
  return removed.filter((_, n) => Number(held[n]) === 0);
}
