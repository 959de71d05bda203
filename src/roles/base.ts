// What every role stands on: Redis connections, settings, bodies, the backlog's doors.
import { randomBytes } from 'node:crypto';
import { hostname as hostName } from 'node:os';
import { join } from 'node:path';
import { watchClockOffset, type ClockOffset } from '../backlog/clock-offset.ts';
import { watchHolders, type Holders } from '../backlog/holders.ts';
import { makeKeys, type Keys } from '../backlog/keys.ts';
import { makeOperate, type Operate } from '../backlog/operate.ts';
import { watchPauses, type Pauses } from '../backlog/pauses.ts';
import { makeJobAdder, type JobAdder } from '../backlog/queue.ts';
import { makeTransitions, type Transitions } from '../backlog/transitions.ts';
import type { Config } from '../config.ts';
import { openLimits, type Limits } from '../deliver/shaping/limits.ts';
import { openEventLog, type EventLog } from '../events/log.ts';
import type { HistoryReader } from '../history/history.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Settings } from '../model/settings.ts';
import { makeReturnPaths, type ReturnPaths } from '../mail/verp.ts';
import { openBodies, type Bodies } from '../store/bodies.ts';
import type { Archive } from '../store/archive/archive.ts';
import { openApiKeys, type ApiKeys } from '../store/api-keys.ts';
import { openDomains, type Domains } from '../store/domains.ts';
import { openLinks, type LinkStore } from '../store/links.ts';
import { openMembers, type Members } from '../store/members.ts';
import { openSandbox, type Sandbox } from '../store/sandbox.ts';
import { loadMasterKey, makeSealer, type Sealer } from '../store/seal.ts';
import { openSuppressions, type Suppressions } from '../store/suppressions.ts';
import { openRecipients, type Recipients } from '../store/recipients.ts';
import { openTemplates, type Templates } from '../store/templates.ts';
import { connectRedis, type Purpose, type RedisConnection } from '../store/redis.ts';
import { watchSettings, type SettingsStore } from '../store/settings.ts';
import { openTransportStates, type TransportStates } from '../store/transport-states.ts';
import { makeTokens, type Tokens } from '../tracking/token.ts';
import { archiveOf } from './archive.ts';
import { openHistoryReader } from './history.ts';
import { makeTell } from './notices.ts';
import { openWarmup, type Warmup } from './warmup.ts';

/** Without feedback.domain none is made; commands show them all the same. */
const RETURN_PATH_MS = 30 * 86_400_000;

export type Surroundings = Readonly<{
  config: Config;
  redisUrl: string;
  prefix: string;
  log: Log;
  clock: Clock;
}>;

/** What is kept in Redis and in the data folder besides settings and the backlog. */
type Stores = Readonly<{
  bodies: Bodies;
  sealer: Sealer;
  domains: Domains;
  suppressions: Suppressions;
  recipients: Recipients;
  templates: Templates;
  sandbox: Sandbox;
  /** Who may log in to the dashboard. */
  members: Members;
  apiKeys: ApiKeys;
  /** What monitors and operators say of transports. */
  states: TransportStates;
  /** Seals and opens what tracked links carry. */
  tokens: Tokens;
  /** What is too long for tracked links. */
  links: LinkStore;
  /** Makes and reads return paths that name their delivery. */
  returnPaths: ReturnPaths;
  /** The events on disk. All who follow it through this one share what is read. */
  eventLog: EventLog;
  /** Undefined where the configuration has none. Nothing is opened before it is asked. */
  history: HistoryReader | undefined;
}>;

export type Base = Surroundings &
  Stores &
  Readonly<{
    /** Names this process in leases. */
    owner: string;
    keys: Keys;
    /** Fails at once when Redis is away: for everything that answers somebody. */
    asking: RedisConnection;
    settings: SettingsStore;
    /** Messages that are kept after their last delivery. */
    archive: Archive;
    transitions: Transitions;
    jobs: JobAdder;
    pauses: Pauses;
    holders: Holders;
    operate: Operate;
    offset: ClockOffset;
    /** What automation holds back just now. */
    limits: Limits;
    /** What young transports may send. */
    warmup: Warmup;
    connect(purpose: Purpose): RedisConnection;
    /** The settings as last known, however old. Throws when none were ever loaded. */
    settingsNow(): Settings;
    close(): Promise<void>;
  }>;

/** Opens the base. Resolves when Redis has answered; rejects when it has not within `READY_MS`. */
export async function openBase(around: Surroundings): Promise<Base> {
  const { redisUrl: url, prefix, log, clock } = around;
  const connections: RedisConnection[] = [];
  const connect = (purpose: Purpose): RedisConnection => {
    const connection = connectRedis({ url, purpose, prefix, log });
    connections.push(connection);
    return connection;
  };
  const asking = connect('events');
  const keys = makeKeys(prefix);
  const settings = await openSettings(asking, around);
  const stores = openStores(asking, settings, around);
  const isArchived = (user: string): boolean => settings.latest()?.users.get(user)?.archive !== undefined;
  const transitions = makeTransitions(asking, keys, isArchived);
  const jobs = makeJobAdder(asking.raw, keys.queues, clock, log);
  const settingsNow = (): Settings => {
    const latest = settings.latest();
    if (!latest) throw new Error('the settings were never loaded');
    return latest;
  };
  const watches = openWatches({ asking, keys, settings }, around);
  await Promise.all([firstLook(watches), stores.states.refresh()]);
  const announce = shareChanges(asking, keys.pauses, watches.pauses.refresh);
  const operate = makeOperate({
    redis: asking,
    keys,
    transitions,
    jobs,
    clock,
    announce,
    dropBody: stores.bodies.drop,
  });
  const owner = `${hostName()}/${process.pid}/${randomBytes(4).toString('hex')}`;
  return {
    ...around,
    owner,
    keys,
    asking,
    settings,
    ...stores,
    archive: archiveOf(asking, around, settingsNow),
    transitions,
    jobs,
    ...watches,
    operate,
    connect,
    settingsNow,
    close: async () => {
      Object.values(watches).forEach((watch) => watch.stop());
      [settings, stores.states].forEach((watch) => watch.close());
      await Promise.race([stores.recipients.flush(), clock.sleep(LAST_WORDS_MS)]);
      await stores.history?.close().catch(() => undefined);
      await jobs.close().catch(() => undefined);
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

/** What every process looks at again and again. Nothing is known of it yet. */
function openWatches(
  {
    asking: redis,
    keys,
    settings,
  }: Readonly<{ asking: RedisConnection; keys: Keys; settings: SettingsStore }>,
  { prefix, clock, log, config }: Surroundings,
): Pick<Base, 'pauses' | 'holders' | 'offset' | 'warmup' | 'limits'> {
  const tell = makeTell({ asking: redis, keys, log });
  const transports = (): Settings['transports'] => settings.latest()?.transports ?? new Map();
  return {
    pauses: watchPauses({ redis, keys, clock, log }),
    holders: watchHolders({ redis, keys, clock, log, names: () => transports().keys() }),
    offset: watchClockOffset(redis, clock, log),
    warmup: openWarmup({
      redis,
      prefix,
      clock,
      log,
      config: config.warmup,
      transports: () => transports().values(),
      tell,
    }),
    limits: openLimits({ redis, prefix, clock, log, tell }),
  };
}

async function firstLook(watches: ReturnType<typeof openWatches>): Promise<void> {
  const { pauses, holders, offset, warmup, limits } = watches;
  const read = [pauses, warmup, limits].map((watch) => watch.refresh());
  await Promise.all([...read, holders.look(), offset.measure()]);
}

const READY_MS = 30_000;
/** What was learned of recipients in the last moments is not worth a longer wait. */
const LAST_WORDS_MS = 300;

/** What cannot be started, in one sentence that says what to do; exit code 78. */
export class BaseProblem extends Error {
  override name = 'BaseProblem';
}

/** Tells all processes of a change over a channel; each also looks by itself now and then. */
function shareChanges(
  asking: RedisConnection,
  channel: string,
  refresh: () => Promise<void>,
): () => Promise<void> {
  asking.subscribe(channel, () => {
    refresh().catch(() => undefined);
  });
  return async () => {
    await Promise.all([refresh(), asking.call('PUBLISH', channel, 'changed')]);
  };
}

function openStores(
  asking: RedisConnection,
  settings: SettingsStore,
  { config, clock, prefix, log }: Surroundings,
): Stores {
  const masterKey = openMasterKey(config);
  const sealer = makeSealer(masterKey);
  const folder = join(config.data, 'bodies');
  return {
    sealer,
    bodies: openBodies({ redis: asking, prefix, clock, folder, where: config.bodies }),
    domains: openDomains({ settings, sealer, clock }),
    suppressions: openSuppressions({
      redis: asking,
      prefix,
      clock,
      settings,
      fingerprint: sealer.fingerprint,
    }),
    recipients: openRecipients({ redis: asking, prefix, clock, log, isOurs: config.redis === 'embedded' }),
    templates: openTemplates({ redis: asking, prefix, clock, settings }),
    sandbox: openSandbox(asking, prefix),
    members: openMembers({ redis: asking, prefix }),
    apiKeys: openApiKeys({ redis: asking, prefix, clock }),
    states: openTransportStates({ redis: asking, prefix, clock, log }),
    tokens: makeTokens(masterKey),
    links: openLinks({ redis: asking, prefix }),
    eventLog: openEventLog({ folder: join(config.data, 'events'), clock }),
    history: openHistoryReader({ config, sealer }),
    returnPaths: makeReturnPaths(masterKey, config.feedback?.expire ?? RETURN_PATH_MS),
  };
}

function openMasterKey(config: Config): Buffer {
  const master = loadMasterKey(join(config.data, 'keys', 'master.key'), config.masterKey);
  if (!master.ok) throw new BaseProblem(master.problem);
  return master.key;
}

/** A Redis that still loads its file answers later: at the start we wait for it. */
async function openSettings(asking: RedisConnection, { clock, log }: Surroundings): Promise<SettingsStore> {
  const until = clock.ticks() + READY_MS;
  await asking.whenReady(AbortSignal.timeout(READY_MS));
  const settings = await watchSettings({ redis: asking, clock, log });
  while (!settings.fresh() && clock.ticks() < until) await clock.sleep(100);
  if (settings.fresh()) return settings;
  settings.close();
  throw new BaseProblem(
    'Redis did not answer within 30 seconds; is it running, and is "redis" in the configuration right?',
  );
}
