// The delivery role: carries for every transport whose address this host has, reconciles, and writes events down.
import { join } from 'node:path';
import { makeAttempt } from '../backlog/attempt.ts';
import { carry, type Carrier, type CarrierDeps, type Handover } from '../backlog/carrier.ts';
import { makeSegments, type SegmentsState } from '../events/segments.ts';
import type { Outcome } from '../model/outcome.ts';
import { domainOf, type Delivery } from '../model/delivery.ts';
import type { Transport } from '../model/settings.ts';
import { EVERYWHERE } from '../model/suppression.ts';
import type { Base } from './base.ts';
import type { SubmitMail } from './backlog.ts';
import { openDeliver, type Deliver } from './deliver.ts';
import { keepHouse } from './house.ts';
import { makeReporter } from './report.ts';
import type { Role } from './role.ts';
import { startTlsReports } from './tls-reports.ts';
import { openScan } from './scan.ts';

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

/** Begins to carry, and to keep house; what it cannot do now it tries again. */
export async function startDelivery(base: Base, submit: SubmitMail): Promise<DeliveryRole> {
  const { clock, config } = base;
  const log = base.log.child({ role: 'delivery' });
  const tlsReports = startTlsReports(base, submit);
  const deliver = openDeliver(base, tlsReports.count);
  const tallies = new Map<string, number>();
  const { again: chooseAgain } = deliver.choice;
  const report = makeReporter(base, submit);
  const { transitions, jobs, keys, pauses, bodies, asking: redis, owner } = base;
  const shared = { redis, keys, transitions, jobs, clock, log, chooseAgain, report, dropBody: bodies.drop };
  const scanning = openScan(base);
  const attempt = makeAttempt({
    ...shared,
    plan: { steps: config.delivery.retry.steps },
    render: deliver.render,
    send: deliver.send,
    ...scanning.deps,
    suppressions: base.suppressions.hashOf,
    suppressedEverywhere: () => base.suppressions.hashOf(EVERYWHERE),
    forgottenBy: ({ account, user, headerFrom, instructions }, { recipient }) => {
      const { topic, bypassSuppression: bypass = false } = instructions;
      const about = { user, domain: domainOf(headerFrom), ...(topic === undefined ? {} : { topic }) };
      return base.suppressions.holdsBack({ account, address: recipient.address, bypass, ...about });
    },
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
    reserve: (ours) => carriers.of(ours.transport)?.reserve(ours),
    deliver,
    segments: segments.state,
    tallies: () => tallies,
    stop: async (graceMs) => {
      await housekeeping.stop();
      await carriers.stop(graceMs);
      await deliver.close(0);
      await tlsReports.stop();
      scanning.stop();
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
