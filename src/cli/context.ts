// What the settings commands need: filled in by main.ts, or by a test.
import type { Clock } from '../lib/clock.ts';
import type { Day } from '../lib/day.ts';
import type { Settings } from '../model/settings.ts';
import type { SenderRecord } from '../monitor/records.ts';
import type { Domains, ResolveTxt } from '../store/domains.ts';
import type { Warmup } from '../roles/warmup.ts';
import type { Sealer } from '../store/seal.ts';
import type { SettingsStore } from '../store/settings.ts';
import type { Recipients } from '../store/recipients.ts';
import type { Suppressions } from '../store/suppressions.ts';
import type { TemplateContent, Templates } from '../store/templates.ts';
import type { ResolveMx } from '../store/return-host.ts';
import type { ResolveHost } from '../store/tracking-host.ts';
import type { TransportStates } from '../store/transport-states.ts';
import type { Command } from './command.ts';
import type { OwnAddresses } from './feedback.ts';

export type SettingsContext = Readonly<{
  settings: SettingsStore;
  domains: Domains;
  suppressions: Suppressions;
  templates: Templates;
  recipients: Recipients;
  states: Pick<TransportStates, 'stateOf'>;
  /** How far warm-ups are. */
  warmup: Pick<Warmup, 'overview'>;
  sealer: Sealer;
  /** Today in a time zone; undefined: that of the configuration. */
  today(zone: string | undefined): Day;
  hashPassword(password: string): Promise<string>;
  /** What is wrong with a Liquid template, as far as filling it in without values tells; undefined: nothing. */
  tryTemplate?(content: Omit<TemplateContent, 'at'>): Promise<string | undefined>;
  resolveTxt: ResolveTxt;
  resolveHost: ResolveHost;
  /** Host of tracking.url; undefined where the configuration has none that others could reach. */
  trackingTarget: string | undefined;
  /** What the monitor says of a user; undefined: nothing. */
  sendingOf?(user: string): Promise<SenderRecord | undefined>;
  resolveMx: ResolveMx;
  /** Addresses of ours; undefined where the configuration has no feedback.domain. */
  feedback: OwnAddresses | undefined;
  clock: Clock;
  /** All of standard input, as text. */
  readInput(): Promise<string>;
  /** Reads a file as text; rejects when it is larger than `maxBytes`. */
  readFile(path: string, maxBytes?: number): Promise<string>;
}>;

export type SettingsCommand = Command<SettingsContext>;

/** Pools that exist: named by an entry or a transport. */
export function poolNames(settings: Settings): ReadonlySet<string> {
  return new Set([...settings.pools.keys(), ...[...settings.transports.values()].map(({ pool }) => pool)]);
}

/** A pool that users send by and that has no transport, so that their mail waits. */
export type IdlePool = Readonly<{ pool: string; users: readonly string[] }>;

export function idlePools({
  users,
  transports,
  pools,
}: Pick<Settings, 'users' | 'transports'> & Partial<Pick<Settings, 'pools'>>): readonly IdlePool[] {
  const carried = new Set([...transports.values()].map(({ pool }) => pool));
  const isIdle = (pool: string): boolean =>
    !carried.has(pool) && !carried.has(pools?.get(pool)?.fallback ?? pool);
  const idle = [...users.values()].filter(({ pool, disabled }) => !disabled && isIdle(pool));
  return [...Map.groupBy(idle, ({ pool }) => pool)].map(([pool, own]) => ({
    pool,
    users: own.map(({ name }) => name),
  }));
}

export function sayIdlePool({ pool, users }: IdlePool): string {
  const more = users.length > 5 ? ` and ${users.length - 5} others` : '';
  return `Pool ${pool} has no transport, so mail of ${users.slice(0, 5).join(', ')}${more} waits: "postino transport add", or "postino user set --pool".`;
}

/** A sentence when one of these pools does not exist. "default" always may be named: a first transport goes there. */
export function unknownPool(settings: Settings, names: readonly string[]): string | undefined {
  const known = poolNames(settings);
  const missing = names.find((name) => name !== 'default' && !known.has(name));
  if (missing === undefined) return undefined;
  return `There is no pool ${missing}; make it with "postino pool add ${missing}" or name one of: ${[...known].sort().join(', ') || 'none yet'}.`;
}
