// The public side of the http role: the tracking listener with all that it needs, and the links that letters get.
import { makeHits } from '../http/hits/server.ts';
import type { Brand } from '../http/hits/page.ts';
import { isLoopbackName } from '../http/tracking-config.ts';
import { withParents } from '../mail/domain.ts';
import { domainOf } from '../model/delivery.ts';
import type { Domain, Settings } from '../model/settings.ts';
import { makeAppend } from '../tracking/append.ts';
import { makeClicks } from '../tracking/clicks.ts';
import type { Facts } from '../tracking/facts.ts';
import { openGeo, type Geo } from '../tracking/geo.ts';
import { makeLinker, type Links } from '../tracking/links.ts';
import { makeRecorder, type RecorderState } from '../tracking/recorder.ts';
import type { Unsubscribe } from '../tracking/unsubscribe.ts';
import { BaseProblem, type Base } from './base.ts';
import { openUnsubscribe } from './unsubscribe.ts';
import { reasonOf } from '../lib/reason.ts';

export type Tracking = Readonly<{
  host: string;
  port: number;
  /** For whoever else takes such orders, such as a mailbox: `stop(token, { how: 'mail', scope: 'message' })`. */
  unsubscribe: Unsubscribe;
  state(): TrackingState;
  stop(): Promise<void>;
}>;

export type TrackingState = Readonly<{
  isListening: boolean;
  /** Opens and clicks on their way to the events. */
  hits: RecorderState;
  /** Why orders to unsubscribe wait on disk; undefined when none do. */
  ordersWait: string | undefined;
}>;

/** How long a stop tries to write the hits that wait. */
const FLUSH_MS = 4000;

/** Opens the tracking listener. Throws a BaseProblem with one sentence when that cannot be done. */
export async function startTracking(base: Base): Promise<Tracking> {
  const { config, clock, links, tokens } = base;
  const { expire: expireMs, addresses } = config.tracking;
  const log = base.log.child({ role: 'tracking' });
  const { find } = links;
  const geo = await openGeoFile(base);
  const recorder = makeRecorder({
    clock,
    log,
    find,
    append: makeAppend(base.asking, base.keys.events),
    countryOf: geo.countryOf,
    addresses,
  });
  const hosts = watchHosts(base);
  const { mayUse } = hosts;
  const { click, open } = makeClicks({ tokens, find, record: recorder.record, mayUse, clock, expireMs });
  const orders = openUnsubscribe(base);
  const { unsubscribe } = orders;
  const server = makeHits({
    config: config.tracking,
    clock,
    log,
    isOurHost: hosts.isServed,
    click,
    open,
    unsubscribe,
    brandOf: (sender, host) => brandOf(base.settingsNow(), config.tracking, { sender, host }),
    topicName: (of, topic) => topicName(base.settingsNow(), of, topic),
  });
  const listening = await server.listen();
  const stop = async (): Promise<void> => {
    await server.close();
    orders.stop();
    geo.stop();
    await recorder.stop(FLUSH_MS);
  };
  const state = (): TrackingState => ({
    isListening: server.isListening(),
    hits: recorder.state(),
    ordersWait: orders.trouble(),
  });
  if (listening.ok) return { host: listening.host, port: listening.port, unsubscribe, state, stop };
  await stop();
  throw new BaseProblem(listening.problem);
}

/** Makes the links of letters, as compose wants them. */
export function openLinker({
  tokens,
  links,
  config,
  clock,
}: Base): (facts: Facts, linkBase: string) => Links {
  return makeLinker({ tokens, keep: links.keep, expireMs: config.tracking.expire, clock });
}

type Hosts = Readonly<{
  /** True for names that links of ours point to and a certificate can be had for. */
  isTracking(host: string): boolean;
  /** The same, and this very host as long as links point to it: for trying things out. */
  isServed(host: string): boolean;
  /** False when it is the tracking host of other accounts' domains only. */
  mayUse(host: string, account: string): boolean;
}>;

/** The host of tracking.url, and those of the domains as they are now. */
export function watchHosts({ config, settingsNow }: Pick<Base, 'config' | 'settingsNow'>): Hosts {
  const own = new URL(config.tracking.url).hostname;
  let revision = -1;
  let known: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  const accountsOf = (host: string): ReadonlySet<string> | undefined => {
    const settings = settingsNow();
    if (settings.revision !== revision) {
      known = accountsByHost(settings);
      revision = settings.revision;
    }
    return known.get(host);
  };
  const isTracking = (host: string): boolean => {
    return accountsOf(host) !== undefined || (host === own && !isLoopbackName(own));
  };
  return {
    isTracking,
    isServed: (host) => isTracking(host) || (isLoopbackName(own) && isLoopbackName(host)),
    mayUse: (host, account) => host === own || (accountsOf(host)?.has(account) ?? true),
  };
}

function accountsByHost({ domains }: Settings): ReadonlyMap<string, ReadonlySet<string>> {
  const hosts = new Map<string, Set<string>>();
  for (const { trackingHost, account } of domains.values()) {
    if (trackingHost === undefined) continue;
    const host = trackingHost.toLowerCase();
    hosts.set(host, (hosts.get(host) ?? new Set()).add(account));
  }
  return hosts;
}

/** Whom the page speaks for: the sender's domain or one above it, else that of the host, else the installation. */
export function brandOf(
  { domains }: Pick<Settings, 'domains'>,
  { brand }: Base['config']['tracking'],
  { sender, host }: Readonly<{ sender: string; host: string }>,
): Brand {
  const entry =
    sender === ''
      ? [...domains.values()].find(({ trackingHost }) => trackingHost?.toLowerCase() === host)
      : withParents(domainOf(sender))
          .map((name) => domains.get(name))
          .find((found) => found !== undefined);
  // A name and a picture of two senders would not belong together.
  const shown: NonNullable<Domain['brand']> = entry?.brand ?? brand;
  const fallback = sender === '' ? (entry?.name ?? '') : domainOf(sender);
  return { name: shown.name ?? fallback, logo: shown.logo };
}

/** What the user calls a topic, else what another user of the account does, since the list of an account is one; else the topic. */
export function topicName(
  { users }: Pick<Settings, 'users'>,
  { account, user }: Readonly<{ account: string; user: string }>,
  topic: string,
): string {
  const own = users.get(user);
  const others = [...users.values()].filter((one) => one.account === account);
  for (const { topicNames = {} } of own?.account === account ? [own, ...others] : others)
    if (Object.hasOwn(topicNames, topic)) return topicNames[topic] ?? topic;
  return topic;
}

async function openGeoFile({ config, clock, log }: Base): Promise<Geo> {
  try {
    return await openGeo(config.tracking.geo, { clock, log });
  } catch (error) {
    throw new BaseProblem(reasonOf(error));
  }
}
