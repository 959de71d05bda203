// Pools: named groups of transports, what takes over from them, and who sends by them.
import { poolSchema, type Pool, type Settings } from '../model/settings.ts';
import type { VerbContext } from './context.ts';
import { did, refused, type Did, type Refusal, type Why } from './did.ts';

type Context = Pick<VerbContext, 'settings'>;

/** A pool as it is shown; one that only transports name has no entry and no rule of its own. */
export type ShownPool = Readonly<{
  name: string;
  transports: readonly string[];
  users: readonly string[];
  fallback?: string;
  whenAllBad: 'use' | 'hold';
}>;

/** What is said of a pool's rule; a fallback of undefined removes it, an absent one stays. */
export type PoolRule = Readonly<{ fallback?: string | undefined; whenAllBad?: 'use' | 'hold' }>;

/** A pool that users send by and that has no transport, so that their mail waits. */
export type IdlePool = Readonly<{ pool: string; users: readonly string[] }>;

/** Pools that exist: named by an entry or a transport. */
function poolNames(settings: Settings): ReadonlySet<string> {
  return new Set([...settings.pools.keys(), ...[...settings.transports.values()].map(({ pool }) => pool)]);
}

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

/** Of these, the first pool that does not exist. "default" always may be named: a first transport goes there. */
export function missingPool(settings: Settings, names: readonly string[]): string | undefined {
  const known = poolNames(settings);
  return names.find((name) => name !== 'default' && !known.has(name));
}

/** A refusal when one of these pools does not exist. */
export function unknownPool(
  settings: Settings,
  names: readonly string[],
  why: Why = 'wrong',
): Refusal | undefined {
  const missing = missingPool(settings, names);
  if (missing === undefined) return undefined;
  const known = [...poolNames(settings)].sort().join(', ');
  const hint = `make it with "postino pool add ${missing}" or name one of: ${known || 'none yet'}.`;
  return refused(why, `There is no pool ${missing}.`, hint);
}

export async function listPools({ settings }: Context): Promise<readonly ShownPool[]> {
  const now = await settings.refresh();
  return [...poolNames(now)].sort().map((name) => shownPool(now, name));
}

export async function showPool({ settings }: Context, name: string): Promise<Did<ShownPool>> {
  const now = await settings.refresh();
  return poolNames(now).has(name)
    ? did(shownPool(now, name))
    : refused('missing', `There is no pool ${name}.`);
}

/** Adds a pool that has no entry yet. */
export async function addPool({ settings }: Context, pool: Pool): Promise<Did<Pool>> {
  const wrong = wrongFallback(await settings.refresh(), pool.name, pool.fallback);
  if (wrong) return wrong;
  const change = await settings.pools.add(pool);
  return change.ok ? did(change.entry) : change;
}

/** Changes what happens when none of its transports can send. A pool that transports made by naming it has no entry yet. */
export async function changePool({ settings }: Context, name: string, rule: PoolRule): Promise<Did<Pool>> {
  const now = await settings.refresh();
  const wrong = wrongFallback(now, name, rule.fallback);
  if (wrong) return wrong;
  const unknown = unknownPool(now, [name], 'missing');
  if (unknown) return unknown;
  if (!now.pools.has(name)) await settings.pools.add(poolSchema.parse({ v: 1, name, origin: 'command' }));
  const change = await settings.pools.change(name, ({ fallback: old, ...pool }) => {
    const fallback = 'fallback' in rule ? rule.fallback : old;
    const { whenAllBad = pool.whenAllBad } = rule;
    return { ...pool, whenAllBad, ...(fallback === undefined ? {} : { fallback }) };
  });
  return change.ok ? did(change.entry) : change;
}

/** Removes a pool that nothing belongs to. */
export async function removePool({ settings }: Context, name: string): Promise<Did<undefined>> {
  const now = await settings.refresh();
  const use = usedBy(now, name);
  if (use) return use;
  const removal = await settings.pools.remove(name);
  return removal.ok ? did(undefined) : removal;
}

function usedBy(now: Settings, name: string): Refusal | undefined {
  const [members, users] = [membersOf(now, name), usersOf(now, name)];
  if (members.length > 0)
    return refused(
      'used',
      `Pool ${name} still has transports (${members.join(', ')}).`,
      'move them first with "postino transport set <name> --pool <other>".',
    );
  if (users.length > 0)
    return refused(
      'used',
      `Pool ${name} is still used by ${users.join(', ')}.`,
      'give them another one first with "postino user set <name> --pool <other>".',
    );
  const others = [
    ...[...now.pools.values()].filter(({ fallback }) => fallback === name).map((one) => `pool ${one.name}`),
    ...[...now.domains.values()].filter(({ pool }) => pool === name).map((one) => `domain ${one.name}`),
  ];
  if (others.length === 0) return undefined;
  return refused('used', `Pool ${name} is still named by ${others.join(', ')}.`, 'change that first.');
}

function wrongFallback(now: Settings, name: string, fallback: string | undefined): Refusal | undefined {
  if (fallback === name)
    return refused('wrong', `Pool ${name} cannot be its own fallback; name another one.`);
  return fallback === undefined ? undefined : unknownPool(now, [fallback]);
}

function shownPool(now: Settings, name: string): ShownPool {
  const { fallback, whenAllBad = 'use' } = now.pools.get(name) ?? {};
  return {
    name,
    transports: membersOf(now, name),
    users: usersOf(now, name),
    whenAllBad,
    ...(fallback === undefined ? {} : { fallback }),
  };
}

/** The transports of a pool, by name. */
export function membersOf({ transports }: Settings, pool: string): readonly string[] {
  return [...transports.values()]
    .filter((one) => one.pool === pool)
    .map(({ name }) => name)
    .sort();
}

/** Users who may send by a pool. */
export function usersOf({ users }: Settings, pool: string): readonly string[] {
  return [...users.values()]
    .filter((user) => user.pool === pool || user.pools.includes(pool))
    .map(({ name }) => name)
    .sort();
}
