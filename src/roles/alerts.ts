// Wiring of the alerts: the sink that collects them, who sends them, and the watches over what goes on.
import { hostname as hostName } from 'node:os';
import { join } from 'node:path';
import { alertOf } from '../alerts/alert.ts';
import {
  certificateCheck,
  daneCheck,
  diskCheck,
  dkimCheck,
  listenerCheck,
  queueAgeCheck,
  redisCheck,
  type CertificateFile,
} from '../alerts/checks.ts';
import { rulesOf } from '../alerts/config.ts';
import { makeDesk, type Desk } from '../alerts/desk.ts';
import { dispatch, type DispatchDeps } from '../alerts/dispatch.ts';
import { historyCheck } from '../alerts/history-check.ts';
import { CALM_KINDS, URGENT_KINDS } from '../alerts/kinds.ts';
import { isFor } from '../alerts/match.ts';
import { makeWatch, type Check } from '../alerts/watch.ts';
import { holdLease } from '../backlog/lease.ts';
import { oldestDue } from '../backlog/oldest-due.ts';
import type { Config } from '../config.ts';
import { isSpecial } from '../deliver/networks.ts';
import { checkValidation, resolversOf } from '../deliver/security/validating.ts';
import { makeAlertsSink } from '../events/sinks/alerts.ts';
import type { Sink } from '../events/sinks/index.ts';
import { checkDomain } from '../store/domains.ts';
import { measureDisk, measureMemory } from '../store/room.ts';
import { makeAlertMail } from './alert-mail.ts';
import type { SubmitMail } from './backlog.ts';
import type { Base } from './base.ts';
import { SYSTEM } from './system.ts';
import { openDns } from './dns.ts';
import type { FeedbackListeners } from './feedback.ts';
import type { RunningHistory } from './history.ts';
import { makeTell } from './notices.ts';
import { watchRedis } from './redis-watch.ts';
import type { RoleName } from './role.ts';
import type { Tracking } from './tracking.ts';

/** Who looks at what is the same for all processes. */
const SHARED = 'all';
const DISPATCH_MS = 2_000;
const WATCH_MS = 10_000;
/** A round that waits for the DNS or a webhook is not worth a longer stop. */
const LAST_ROUND_MS = 1_000;

export type Alerts = Readonly<{ stop(): Promise<void> }>;

/** A listener of this process that can be in trouble while it runs. */
export type WatchedListener = Readonly<{ name: string; trouble(): string | undefined }>;

export type AlertsOptions = Readonly<{
  roles: readonly RoleName[];
  submit: SubmitMail;
  listeners: readonly WatchedListener[];
  /** How far the history is behind; undefined where there is none. */
  historyLag: RunningHistory['lag'] | undefined;
}>;

/** The sink that puts what events say to the rules that ask for it. */
export function alertsSink(base: Base): Sink {
  const rules = rulesOf(base.config.alerts);
  const desk = openDesk(base);
  const always = new Set([...URGENT_KINDS, ...CALM_KINDS]);
  return makeAlertsSink(async (event) => {
    const alert = alertOf(event, SYSTEM);
    if (!alert) return;
    if (always.has(alert.kind)) await desk.remember(alert);
    for (const rule of rules) if (isFor(rule, alert)) await desk.collect(rule.name, alert);
  });
}

export function openDesk({ asking: redis, prefix, clock }: Base): Desk {
  return makeDesk({ redis, prefix, clock });
}

/** What sending alerts needs. */
export function dispatchDeps(base: Base, submit: SubmitMail): DispatchDeps {
  const { config, clock } = base;
  return {
    rules: rulesOf(config.alerts),
    desk: openDesk(base),
    clock,
    log: base.log.child({ role: 'alerts' }),
    hostname: config.hostname,
    mailsPerHour: config.alerts.mailsPerHour,
    mail: makeAlertMail(base, submit),
    isPrivate: isSpecial,
  };
}

/** Begins to send and to watch. What fails is done in the next round; nothing here rejects. */
export function startAlerts(base: Base, { roles, submit, listeners, historyLag }: AlertsOptions): Alerts {
  const { clock, config } = base;
  const ends: (() => Promise<void>)[] = [];
  const rounds = (name: string, everyMs: number, round: () => Promise<void>): void => {
    ends.push(repeat(base, { name, everyMs, round }));
  };
  const redis = watchRedis(base, makeTell(base));
  if (roles.includes('delivery')) {
    const deps = dispatchDeps(base, submit);
    if (deps.rules.length > 0) rounds('alerts', DISPATCH_MS, () => dispatch(deps));
    if (config.alerts.watch) rounds('watch', WATCH_MS, watchOf(base, SHARED, sharedChecks(base)).round);
  }
  const host = hostName();
  const local = localChecks(base, { host, roles, listeners, historyLag });
  if (config.alerts.watch)
    rounds(
      `watch:${host}:${roles.join('+')}`,
      WATCH_MS,
      watchOf(base, `${host} ${roles.join('+')}`, local).round,
    );
  return {
    stop: async () => {
      redis.stop();
      await Promise.race([Promise.all(ends.map((end) => end())), clock.sleep(LAST_ROUND_MS)]);
    },
  };
}

/** Runs `round` again and again where no other process does; one after the other. */
function repeat(
  base: Base,
  { name, everyMs, round }: Readonly<{ name: string; everyMs: number; round: () => Promise<void> }>,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const lease = holdLease(
    name,
    { ...base, redis: base.asking },
    { gained: () => undefined, lost: () => undefined },
  );
  const end = base.clock.every(everyMs, () => {
    if (!lease.valid()) return;
    running ??= round()
      .catch((error: unknown) =>
        base.log.debug({ error: String(error), round: name }, 'a round was interrupted'),
      )
      .finally(() => (running = undefined));
  });
  return async () => {
    end();
    await running;
    await lease.release();
  };
}

function watchOf(base: Base, source: string, checks: readonly Check[]) {
  const { asking: redis, prefix, clock, log, config } = base;
  return makeWatch({
    source,
    cleans: source === SHARED,
    checks,
    redis,
    prefix,
    clock,
    log,
    remindMs: config.alerts.remind,
    tell: makeTell(base),
  });
}

/** What is the same for all processes. */
function sharedChecks(base: Base): readonly Check[] {
  const { clock, asking: redis, keys, settingsNow } = base;
  const at = { config: base.config.alerts, clock };
  const isOurs = base.config.redis === 'embedded';
  const { resolveTxt } = openDns(base.config.dns);
  return [
    queueAgeCheck(at, () => oldestDue({ redis, keys, clock }, SYSTEM)),
    redisCheck(at, async () => {
      const { used, limit } = await measureMemory(redis, isOurs);
      return { redisUsed: used, redisLimit: limit };
    }),
    dkimCheck(
      () => [...settingsNow().domains.values()].filter(({ keys: own }) => own.length > 0),
      async (name) => {
        const settings = settingsNow();
        const domain = settings.domains.get(name);
        const found = domain ? await checkDomain(domain, settings, resolveTxt) : [];
        return found.filter(({ purpose }) => purpose === 'dkim');
      },
    ),
  ];
}

/** What is of this host: its disk, its certificates, its listeners. */
function localChecks(
  base: Base,
  { host, roles, listeners, historyLag }: Omit<AlertsOptions, 'submit'> & Readonly<{ host: string }>,
): readonly Check[] {
  const { config, clock } = base;
  const at = { config: config.alerts, clock };
  return [
    diskCheck(at, { key: host, free: () => measureDisk(config.data) }),
    certificateCheck(at, certificatesOf(config, roles)),
    listenerCheck(listeners),
    ...(historyLag ? [historyCheck(host, historyLag)] : []),
    ...(config.delivery.dane && roles.includes('delivery') ? [daneOf(base, host)] : []),
  ];
}

function daneOf({ config, clock }: Base, host: string): Check {
  const { servers, ...limits } = config.dns;
  return daneCheck(host, () => checkValidation({ ...limits, servers: resolversOf(servers), clock }));
}

function certificatesOf(config: Config, roles: readonly RoleName[]): readonly CertificateFile[] {
  const { smtp, tracking } = config;
  const own = join(config.data, 'tls', 'self-signed.crt');
  const mail = smtp.listeners
    .filter(({ tls }) => tls !== 'none')
    .map(({ certificate }) => ({ file: certificate ?? smtp.certificate ?? own, use: 'SMTP' }));
  const links = [tracking, ...tracking.certificates].flatMap(({ certificate }) =>
    certificate === undefined ? [] : [{ file: certificate, use: 'tracking' }],
  );
  const used = [...(roles.includes('submission') ? mail : []), ...(roles.includes('http') ? links : [])];
  return [...new Map(used.map((one) => [one.file, one])).values()];
}

type Neighbours = Readonly<{ tracking: Tracking | undefined; feedback: FeedbackListeners | undefined }>;

/** The listeners of this process that can be in trouble while they run. */
export function watchedListeners({ tracking, feedback }: Neighbours): readonly WatchedListener[] {
  const waits = (why: string | undefined): string | undefined =>
    why === undefined
      ? undefined
      : `Orders to unsubscribe wait on disk, since they could not be stored: ${why}.`;
  return [
    ...(tracking
      ? [
          {
            name: 'tracking',
            trouble: () => {
              const { isListening, ordersWait } = tracking.state();
              return isListening
                ? waits(ordersWait)
                : 'The tracking listener is not open: links of letters do not work.';
            },
          },
        ]
      : []),
    ...(feedback
      ? [
          {
            name: 'feedback',
            trouble: () => {
              const { isFull, connections, ordersWait } = feedback.state();
              if (isFull)
                return `The feedback listener has ${connections} connections and takes no more: bounces and complaints wait outside.`;
              return waits(ordersWait);
            },
          },
        ]
      : []),
  ];
}
