// The delivery role: carries for every transport whose address this host has, reconciles, and writes events down.
import { join } from 'node:path';
import { makeAttempt } from '../backlog/attempt.ts';
import { carry, type Carrier, type CarrierDeps, type Handover } from '../backlog/carrier.ts';
import { evacuate } from '../backlog/evacuate.ts';
import { holdLease, type Lease } from '../backlog/lease.ts';
import { reconcile } from '../backlog/reconcile.ts';
import { putToRest } from '../backlog/rest.ts';
import { makeSegments, type SegmentsState } from '../events/segments.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Transport } from '../model/settings.ts';
import type { Base } from './base.ts';
import { makeChooseAgain, type SubmitMail } from './backlog.ts';
import { openDeliver, type Deliver } from './deliver.ts';
import { makeReporter } from './report.ts';
import type { Role } from './role.ts';

export type DeliveryRole = Role &
  Readonly<{
    carriers(): readonly Carrier[];
    /** A place in a lane for a delivery that this process is about to store. */
    reserve(delivery: Delivery): Handover | undefined;
    deliver: Deliver;
    segments(): SegmentsState;
    /** Ends of attempts since the start, by kind and transport. */
    tallies(): ReadonlyMap<string, number>;
  }>;

const LOOK_AT_TRANSPORTS_MS = 2_000;
const RECONCILE_MS = 15_000;
const SWEEP_MS = 15 * 60_000;
/** A transport that nobody worked for so long is given up: its lease has run out and nobody wanted it. */
const ORPHAN_MS = 15_000;

/** Begins to carry, and to keep house; what it cannot do now it tries again. */
export async function startDelivery(base: Base, submit: SubmitMail): Promise<DeliveryRole> {
  const { clock, config } = base;
  const log = base.log.child({ role: 'delivery' });
  const deliver = openDeliver(base);
  const tallies = new Map<string, number>();
  const chooseAgain = makeChooseAgain(base);
  const report = makeReporter(base, submit);
  const { transitions, jobs, keys, pauses, bodies, asking: redis, owner } = base;
  const shared = { redis, keys, transitions, jobs, clock, log, chooseAgain, report, dropBody: bodies.drop };
  const attempt = makeAttempt({
    ...shared,
    plan: { steps: config.delivery.retry.steps },
    render: deliver.render,
    send: deliver.send,
    suppressions: base.suppressions.hashOf,
    moveOut: bodies.moveOut,
    tally: (kind: Outcome['kind'], transport: string) => {
      const key = `${kind} ${transport}`;
      tallies.set(key, (tallies.get(key) ?? 0) + 1);
    },
  });
  const connection = base.connect('work').raw;
  const carrierDeps: CarrierDeps = { ...shared, connection, pauses, owner, locate: deliver.locate, attempt };
  const carriers = keepCarriers(base, carrierDeps, deliver);
  const housekeeping = keepHouse(base, { ...shared, operate: base.operate, moveOut: bodies.moveOut });
  const segments = startSegments(base);
  return {
    name: 'delivery',
    carriers: carriers.list,
    reserve: (ours) => {
      if (base.settingsNow().suppressing.has(ours.account)) return undefined;
      return carriers.of(ours.transport)?.reserve(ours);
    },
    deliver,
    segments: segments.state,
    tallies: () => tallies,
    stop: async (graceMs) => {
      await housekeeping.stop();
      await carriers.stop(graceMs);
      await deliver.close(0);
      await segments.stop();
    },
  };
}

/** One carrier for each transport that is in the settings, not paused, and whose address is on this host. */
function keepCarriers(base: Base, deps: CarrierDeps, deliver: Deliver) {
  const carriers = new Map<string, Carrier>();
  let stopped = false;
  const wants = (transport: Transport): boolean => !transport.paused && deliver.canBind(transport);
  const adjust = (): void => {
    if (stopped) return;
    const { transports } = base.settingsNow();
    for (const transport of transports.values()) {
      if (wants(transport) && !carriers.has(transport.name))
        carriers.set(transport.name, carry(transport.name, deps));
    }
    for (const [name, carrier] of carriers) {
      const transport = transports.get(name);
      if (transport && wants(transport)) continue;
      carriers.delete(name);
      carrier.stop(base.config.stopWithin).catch((error: unknown) => {
        deps.log.warn({ transport: name, error: String(error) }, 'a carrier did not end in good order');
      });
    }
  };
  const ends = [base.settings.onChange(adjust), base.clock.every(LOOK_AT_TRANSPORTS_MS, adjust)];
  adjust();
  return {
    list: () => [...carriers.values()],
    of: (transport: string) => carriers.get(transport),
    stop: async (graceMs: number): Promise<void> => {
      stopped = true;
      for (const end of ends) end();
      await Promise.allSettled([...carriers.values()].map((carrier) => carrier.stop(graceMs)));
    },
  };
}

type HouseDeps = Parameters<typeof reconcile>[0] &
  Parameters<typeof evacuate>[1] &
  Parameters<typeof putToRest>[0];

/** What one process does for all: reconcile, move away from dead transports, put bodies to rest, sweep orphaned ones. */
function keepHouse(base: Base, deps: HouseDeps) {
  const { clock, settingsNow, holders } = base;
  let round = Promise.resolve();
  let ways = '';
  const lease: Lease = holdLease(
    'reconciler',
    { ...base, redis: base.asking },
    { gained: () => undefined, lost: () => undefined },
  );
  const work = async (): Promise<void> => {
    if (!lease.valid()) return;
    await reconcile(deps);
    const { transports } = settingsNow();
    for (const { name, paused } of transports.values()) {
      if (!paused && holders.orphanedFor(name) > ORPHAN_MS) await evacuate(name, deps);
    }
    await evacuateRemoved(base, deps);
    // What found no transport in its pool is looked at anew when there are others than before, and else by the reconciler.
    const now = waysOut(transports);
    if (now !== ways) await evacuate('', deps);
    ways = now;
    await putToRest(deps);
  };
  const quietly = (what: () => Promise<unknown>): void => {
    round = round
      .then(what)
      .then(() => undefined)
      .catch((error: unknown) => deps.log.debug({ error: String(error) }, 'housekeeping was interrupted'));
  };
  const ends = [
    clock.every(RECONCILE_MS, () => quietly(work)),
    clock.every(SWEEP_MS, () => quietly(async () => lease.valid() && (await base.bodies.sweep()))),
  ];
  return {
    stop: async (): Promise<void> => {
      for (const end of ends) end();
      await round;
      await lease.release();
    },
  };
}

/** Which transports each pool has, as one text to compare. */
const waysOut = (transports: ReadonlyMap<string, Transport>): string =>
  [...transports.values()]
    .map(({ name, pool }) => `${pool}/${name}`)
    .sort()
    .join(' ');

/** What belonged to transports that are in the settings no more goes to the others of its pool, or waits for one. */
async function evacuateRemoved({ asking, keys, settingsNow }: Base, deps: HouseDeps): Promise<void> {
  const carried = await asking.call('SMEMBERS', keys.carried);
  const { transports } = settingsNow();
  const removed = Array.isArray(carried) ? carried.map(String).filter((name) => !transports.has(name)) : [];
  for (const name of removed) {
    // Its carrier may still be ending in good order; until then what it sends is in good hands.
    if (Number(await asking.call('EXISTS', keys.lease(name))) === 1) continue;
    await evacuate(name, deps);
    let left = 0;
    for await (const _ of deps.operate.select({ transport: name })) left++;
    if (left === 0) await asking.call('SREM', keys.carried, name);
  }
}

function startSegments(base: Base) {
  const { config, clock, owner } = base;
  const abort = new AbortController();
  const redis = base.connect('events');
  const segments = makeSegments({
    redis,
    clock,
    log: base.log.child({ role: 'events' }),
    config: config.events,
    folder: join(config.data, 'events'),
    keys: { stream: base.keys.events, lease: base.keys.lease('events') },
    owner,
  });
  const running = redis.whenReady(abort.signal).then(() => segments.run(abort.signal));
  return {
    state: segments.state,
    stop: async (): Promise<void> => {
      abort.abort();
      await running;
    },
  };
}
