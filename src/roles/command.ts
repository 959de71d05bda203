// Runs one command of the command line beside a running Postino: opens what it needs, and closes it again.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../accept/password.ts';
import { alertCommands, type AlertContext } from '../cli/alert.ts';
import { backupCommands, restoreCommands, type BackupContext, type RestoreContext } from '../cli/backup.ts';
import { batchCommands, type BatchContext } from '../cli/batch.ts';
import { checkCommands, type CheckContext } from '../cli/check.ts';
import type { Command, Result, Values } from '../cli/command.ts';
import type { SettingsContext } from '../cli/context.ts';
import { eventsCommands } from '../cli/events.ts';
import type { HistoryContext } from '../cli/history-context.ts';
import { keyCommands } from '../cli/key.ts';
import { historyCommands, type HistoryAdminContext } from '../cli/history.ts';
import { limitCommands, type LimitContext } from '../cli/limit.ts';
import { memberCommands, type MemberContext } from '../cli/member.ts';
import { messageCommands } from '../cli/message.ts';
import { resendCommands, type ResendContext } from '../cli/message-resend.ts';
import { monitorCommands, type MonitorContext } from '../cli/monitor.ts';
import { quarantineCommands, type QuarantineContext } from '../cli/quarantine.ts';
import { processCommands, type ProcessContext } from '../cli/process.ts';
import { queueCommands, type QueueContext } from '../cli/queue.ts';
import { recipientCommands } from '../cli/recipient.ts';
import { sendCommands, type SendContext } from '../cli/send.ts';
import { statsCommands } from '../cli/stats.ts';
import { settingsCommands } from '../cli/settings.ts';
import { webhookCommands } from '../cli/webhook.ts';
import type { Config } from '../config.ts';
import { embeddedSocket } from '../embedded.ts';
import type { Clock } from '../lib/clock.ts';
import { dayOf } from '../lib/day.ts';
import { silentLog } from '../lib/log.ts';
import { domainSchema, transportSchema, userSchema } from '../model/settings.ts';
import { checkTransport } from '../monitor/check.ts';
import { readSenders } from '../monitor/records.ts';
import { openResent } from '../store/archive/resent.ts';
import { listProcesses } from '../store/processes.ts';
import type { ForgetVerbs } from '../verbs/forget.ts';
import { rebuildHistory } from '../verbs/rebuild.ts';
import { alertsOf } from './alert-context.ts';
import { backupOf, restoreWith } from './backup.ts';
import { openBatch } from './batch.ts';
import { BaseProblem, openBase, type Base } from './base.ts';
import { openSubmit } from './backlog.ts';
import { openDns, trackingTarget } from './dns.ts';
import { linksOf, ownAddresses } from './links.ts';
import { checkDeps } from './monitor.ts';
import { readBody } from './archive.ts';
import { openDoor } from './door.ts';
import { tracesOf } from './forget.ts';
import { openHistory, openHistoryAnew } from './history.ts';
import { makeTell } from './notices.ts';
import { openQuarantine, readSource } from './scan.ts';
import { PREFIX } from './start.ts';
import { makePreview } from './template-preview.ts';
import { tryTemplate } from './template-trial.ts';
import { webhookVerbs } from './webhooks.ts';
import type { KeyVerbs } from '../verbs/key.ts';
import type { WebhookVerbs } from '../verbs/webhook.ts';

/** All that a command may ask for. */
export type Context = SettingsContext &
  HistoryContext &
  HistoryAdminContext &
  ForgetVerbs &
  QueueContext &
  LimitContext &
  SendContext &
  ResendContext &
  CheckContext &
  MonitorContext &
  AlertContext &
  BackupContext &
  BatchContext &
  ProcessContext &
  RestoreContext &
  MemberContext &
  KeyVerbs &
  WebhookVerbs &
  QuarantineContext;

/** Every command but `start`. A new one is an entry of a table in src/cli. */
export const commands: readonly Command<Context>[] = [
  ...settingsCommands,
  ...queueCommands,
  ...limitCommands,
  ...messageCommands,
  ...resendCommands,
  ...recipientCommands,
  ...statsCommands,
  ...historyCommands,
  ...eventsCommands,
  ...sendCommands,
  ...checkCommands,
  ...monitorCommands,
  ...alertCommands,
  ...backupCommands,
  ...batchCommands,
  ...processCommands,
  ...restoreCommands,
  ...quarantineCommands,
  ...webhookCommands,
  ...memberCommands,
  ...keyCommands,
];

export type Surroundings = Readonly<{
  config: Config;
  clock: Clock;
  write(text: string): void;
  signal: AbortSignal;
  /** Path of a redis-server for the embedded Redis. */
  redisServer: string | undefined;
}>;

/** Runs `command`. Rejects with a problem in one sentence when Postino's Redis cannot be reached. */
export async function runCommand(
  command: Command<Context>,
  around: Surroundings,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { config, clock } = around;
  const check = checkCommands.find(({ words }) => words === command.words);
  if (check && !isRunning(config)) return check.run(offline(around), args, options);
  const restoring = restoreCommands.find(({ words }) => words === command.words);
  if (restoring) return restoring.run(restoreWith({ ...around, prefix: PREFIX }), args, options);
  const base = await openBase({
    config,
    redisUrl: redisUrlOf(config),
    prefix: PREFIX,
    log: silentLog,
    clock,
  });
  try {
    return await command.run(await contextOf(base, around), args, options);
  } finally {
    await base.close();
  }
}

const isRunning = ({ redis, data }: Config): boolean =>
  redis !== 'embedded' || embeddedSocket(data) !== undefined;

const MAX_DUES = 10_000;

/** For `check` alone: what the file declares, while there is no Redis to ask. */
function offline({ config, clock }: Surroundings): CheckContext {
  const common = { v: 1, origin: 'file' } as const;
  // What of an upstream relay and a warm-up is only known once it is stored is left out.
  const bare = { via: undefined, warmup: undefined, ...common };
  const transports = byName(config.transports.map((entry) => transportSchema.parse({ ...entry, ...bare })));
  // Of a user `check` reads what its mail should get.
  const users = byName(
    config.users.map(({ name, pool, disabled = false, defaults, rules }) =>
      userSchema.parse({ name, pool, disabled, defaults, rules, ...common }),
    ),
  );
  const domains = byName(config.domains.map((entry) => domainSchema.parse({ ...entry, ...common })));
  return { config, clock, clockOffset: () => 0, settingsNow: () => ({ transports, users, domains }) };
}

function byName<T extends Readonly<{ name: string }>>(entries: readonly T[]): ReadonlyMap<string, T> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function redisUrlOf(config: Config): string {
  if (config.redis !== 'embedded') return config.redis;
  const socket = embeddedSocket(config.data);
  if (socket !== undefined) return `unix:${socket}`;
  throw new BaseProblem(
    `No Postino is running on ${config.data}; start it ("npm start"), or name its configuration with --config.`,
  );
}

async function contextOf(base: Base, around: Surroundings): Promise<Context> {
  const { config, clock, write, signal } = around;
  const { settings, domains, suppressions, templates, recipients, operate, settingsNow, asking, offset } =
    base;
  return {
    settings,
    domains,
    suppressions,
    templates,
    recipients,
    operate,
    members: base.members,
    apiKeys: base.apiKeys,
    limits: base.limits,
    settingsNow,
    config,
    clock,
    write,
    signal,
    hashPassword,
    tryTemplate: (content) => tryTemplate(content, clock),
    previewTemplate: makePreview(clock),
    hostname: config.hostname,
    log: silentLog,
    redis: asking,
    clockOffset: offset.ms,
    dues: async (id) =>
      new Map((await operate.list({ id }, MAX_DUES)).map((delivery) => [delivery.id, delivery.due])),
    eventLog: base.eventLog,
    history: base.history,
    openHistory: () => openHistory(base),
    rebuildHistory: (say) =>
      rebuildHistory({ rebuilding: openHistoryAnew(base), eventLog: base.eventLog }, say),
    eventsFolder: join(config.data, 'events'),
    traces: tracesOf(base),
    submit: async (request) => (await openSubmit(base, () => undefined, false))(request),
    ...openDns(config.dns),
    trackingTarget: trackingTarget(config),
    feedback: ownAddresses(base),
    links: linksOf(base),
    sendingOf: async (user) => (await readSenders(asking, base.prefix)).get(user),
    states: base.states,
    warmup: base.warmup,
    sealer: base.sealer,
    today: (zone) => dayOf(clock.now(), zone ?? config.warmup.timeZone),
    checkTransport: (transport) => checkTransport(transport, checkDeps(base)),
    tell: makeTell(base),
    alerts: alertsOf(base),
    ...backupOf(base),
    processes: () => listProcesses({ redis: asking, prefix: base.prefix, clock }),
    batch: openBatch(base),
    ...webhookVerbs(base),
    ...restoreWith({ ...around, prefix: base.prefix }),
    quarantine: openQuarantine(base),
    readSource: (submission, maxBytes) => readSource(base, submission, maxBytes),
    ...resending(base),
    readFile: readTextFile,
    readInput,
  };
}

/** Besides what other commands have. */
function resending(
  base: Base,
): Pick<Context, 'readBody' | 'archive' | 'transitions' | 'resent' | 'openDoor'> {
  const { archive, transitions, asking: redis, prefix } = base;
  return {
    archive,
    readBody: (submission) => readBody(base, submission),
    transitions,
    resent: openResent({ redis, prefix }),
    openDoor: async () => openDoor(base, await openSubmit(base, () => undefined, false)),
  };
}

/** What is longer than it may be is not read to its end. */
async function readTextFile(path: string, maxBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of createReadStream(path)) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
