// Wiring of the monitor: one process at a time watches over transports and senders; each process tries its addresses.
import { holdLease } from '../backlog/lease.ts';
import { makeRecordSink } from '../events/sinks/record.ts';
import type { Sink } from '../events/sinks/index.ts';
import type { Log } from '../lib/log.ts';
import { openAsk } from '../monitor/ask.ts';
import { makeBinds } from '../monitor/bind.ts';
import type { CheckDeps } from '../monitor/check.ts';
import { makeCounts } from '../monitor/counts.ts';
import { makeFindingsStore } from '../monitor/findings.ts';
import { makeLogIns } from '../monitor/log-ins.ts';
import { makePeopleWatch, type PeopleWatch } from '../monitor/people.ts';
import { makeTransportWatch, type TransportsDeps } from '../monitor/transports.ts';
import { SYSTEM } from './system.ts';
import type { Base } from './base.ts';
import { makeMeasures } from './measures.ts';
import { makeTell } from './notices.ts';

export type Monitor = Readonly<{ stop(): Promise<void> }>;

const CONFIRM_LOOK_MS = 2_000;

/** Who confirms: the resolvers named for that, else those of `dns.servers` from behind: the others, or the same one. */
function confirmingServers({ dns, monitor }: Base['config']): string[] {
  return monitor.confirmWith.length > 0 ? [...monitor.confirmWith] : dns.servers.toReversed();
}

/** The sink that counts what became of customers' mail. */
export function healthSink(base: Base): Sink {
  const counts = openCounts(base);
  return makeRecordSink('health', (events) =>
    counts.record(events.filter(({ account }) => account !== SYSTEM)),
  );
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
export function startMonitor(base: Base): Monitor {
  const { clock, config } = base;
  if (!config.monitor.enabled) return { stop: () => Promise.resolve() };
  const deps: TransportsDeps = {
    ...checkDeps(base),
    isWarming: base.warmup.isWarming,
    transports: () => [...base.settingsNow().transports.values()],
    tell: makeTell(base),
  };
  const watch = makeTransportWatch(deps);
  const people = watchPeople(base, deps);
  const round = async (): Promise<void> => {
    await Promise.all([watch.round(), people.round()]);
  };
  const { quietly, ended } = makeTurns(deps.log);
  // No transport can have this name.
  const lease = holdLease(
    ':monitor',
    { ...base, redis: base.asking },
    {
      gained: () => {
        watch.forget();
        quietly(round);
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
    clock.every(config.monitor.every, () => lease.valid() && quietly(round)),
    clock.every(CONFIRM_LOOK_MS, () => lease.valid() && quietly(watch.confirm)),
    clock.every(config.monitor.every, tryAddresses),
  ];
  return {
    stop: async () => {
      for (const end of ends) end();
      await Promise.race([ended(), clock.sleep(LAST_ROUND_MS)]);
      await lease.release();
    },
  };
}

/** One thing after the other, and nothing twice in the queue: the DNS may be slow. */
function makeTurns(log: Log) {
  const waiting = new Set<() => Promise<void>>();
  let last: Promise<void> = Promise.resolve();
  const quietly = (what: () => Promise<void>): void => {
    if (waiting.has(what)) return;
    waiting.add(what);
    last = last
      .then(() => {
        waiting.delete(what);
        return what();
      })
      .catch((error: unknown) => log.debug({ error: String(error) }, 'a round of checks was interrupted'));
  };
  return { quietly, ended: () => last };
}

function watchPeople(base: Base, { clock, config, counts, log, tell }: TransportsDeps): PeopleWatch {
  const { asking: redis, prefix } = base;
  return makePeopleWatch({
    redis,
    prefix,
    clock,
    config,
    users: () => base.settingsNow().users,
    counts,
    logIns: makeLogIns({ redis, prefix, clock, log }),
    measures: makeMeasures(base),
    tell,
  });
}

/** A round that waits for the DNS is not worth a longer stop. */
const LAST_ROUND_MS = 1_000;

function openCounts({ asking: redis, prefix, clock }: Base) {
  return makeCounts({ redis, prefix, clock });
}
