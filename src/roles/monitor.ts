// Wiring of the monitor: one process at a time watches over transports and senders; each process tries its addresses.
import { holdLease } from '../backlog/lease.ts';
import { makeHealthSink } from '../events/sinks/health.ts';
import type { Sink } from '../events/sinks/index.ts';
import { openAsk } from '../monitor/ask.ts';
import { makeBinds } from '../monitor/bind.ts';
import type { CheckDeps } from '../monitor/check.ts';
import { makeCounts } from '../monitor/counts.ts';
import { makeFindingsStore } from '../monitor/findings.ts';
import { makeTransportWatch, type TransportsDeps } from '../monitor/transports.ts';
import { SYSTEM } from './backlog.ts';
import type { Base } from './base.ts';
import { makeTell } from './notices.ts';

export type Monitor = Readonly<{ stop(): Promise<void> }>;

export type MonitorDeps = Readonly<{
  /** True while the transport's warm-up goes on. */
  isWarming: TransportsDeps['isWarming'];
}>;

const CONFIRM_LOOK_MS = 2_000;

/** Who confirms: the resolvers named for that, else those of `dns.servers` from behind: the others, or the same one. */
function confirmingServers({ dns, monitor }: Base['config']): string[] {
  return monitor.confirmWith.length > 0 ? [...monitor.confirmWith] : dns.servers.toReversed();
}

/** The sink that counts what became of customers' mail. */
export function healthSink(base: Base): Sink {
  const counts = openCounts(base);
  return makeHealthSink((events) => counts.record(events.filter(({ account }) => account !== SYSTEM)));
}

/** What the checks of a transport need. */
export function checkDeps(base: Base): CheckDeps {
  const { config, clock, asking: redis, prefix, owner, states } = base;
  return {
    config: config.monitor,
    hostname: config.hostname,
    clock,
    log: base.log.child({ role: 'monitor' }),
    states,
    ask: openAsk(config.dns),
    confirm: openAsk({ ...config.dns, servers: confirmingServers(config) }),
    counts: openCounts(base),
    binds: makeBinds({ redis, prefix, clock, owner, everyMs: config.monitor.every }),
    findings: makeFindingsStore({ redis, prefix }),
  };
}

/** Begins to watch. What fails is done in the next round; nothing here rejects. */
export function startMonitor(base: Base, given: MonitorDeps): Monitor {
  const { clock, config } = base;
  if (!config.monitor.enabled) return { stop: () => Promise.resolve() };
  const deps: TransportsDeps = {
    ...checkDeps(base),
    ...given,
    transports: () => [...base.settingsNow().transports.values()],
    tell: makeTell(base),
  };
  const watch = makeTransportWatch(deps);
  let running: Promise<void> = Promise.resolve();
  let isBusy = false;
  /** One after the other, and none while one is still at it: the DNS may be slow. */
  const quietly = (what: () => Promise<void>): void => {
    if (isBusy) return;
    isBusy = true;
    running = what()
      .catch((error: unknown) =>
        deps.log.debug({ error: String(error) }, 'a round of checks was interrupted'),
      )
      .finally(() => {
        isBusy = false;
      });
  };
  const lease = holdLease(
    'monitor',
    { ...base, redis: base.asking },
    {
      gained: () => {
        watch.forget();
        quietly(watch.round);
      },
      lost: () => undefined,
    },
  );
  const tryAddresses = (): void => {
    const own = deps.transports();
    deps.binds
      .test(own)
      .catch((error: unknown) => deps.log.debug({ error: String(error) }, 'could not tell of bind tests'));
  };
  tryAddresses();
  const ends = [
    clock.every(config.monitor.every, () => lease.valid() && quietly(watch.round)),
    clock.every(CONFIRM_LOOK_MS, () => lease.valid() && quietly(watch.confirm)),
    clock.every(config.monitor.every, tryAddresses),
  ];
  return {
    stop: async () => {
      for (const end of ends) end();
      await Promise.race([running, clock.sleep(LAST_ROUND_MS)]);
      await lease.release();
    },
  };
}

/** A round that waits for the DNS is not worth a longer stop. */
const LAST_ROUND_MS = 1_000;

function openCounts({ asking: redis, prefix, clock }: Base) {
  return makeCounts({ redis, prefix, clock });
}
