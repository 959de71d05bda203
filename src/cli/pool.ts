// postino pool …: named groups of transports, what takes over from them, and who sends by them.
import { poolSchema, type Settings } from '../model/settings.ts';
import {
  done,
  failed,
  isNothingGiven,
  misused,
  nothingToChange,
  table,
  textOf,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import { poolNames, unknownPool, type SettingsCommand, type SettingsContext } from './context.ts';

const poolOptions: readonly Option[] = [
  { flags: '--fallback <pool>', summary: 'pool that takes over while none of its own can send; "" removes' },
  {
    flags: '--when-all-bad <what>',
    summary: 'use (default: the least bad goes on, unless it is on a block list) or hold the mail',
  },
];

export const poolCommands: readonly SettingsCommand[] = [
  {
    words: 'pool add <name>',
    summary: 'Add a pool, a named group of transports.',
    options: poolOptions,
    run: addPool,
  },
  {
    words: 'pool list',
    summary: 'List the pools with their transports.',
    run: async ({ settings }) => {
      const now = await settings.refresh();
      const pools = [...poolNames(now)].sort().map((name) => ({
        name,
        transports: membersOf(now, name),
        users: usersOf(now, name),
        ...ruleOf(now, name),
      }));
      const rows = pools.map((pool) => [
        pool.name,
        pool.transports.join(', ') || 'none',
        pool.fallback ?? '',
        pool.whenAllBad,
        pool.users.join(', '),
      ]);
      const head = ['pool', 'transports', 'fallback', 'when all are bad', 'users'];
      return done(table(head, rows, 'There are no pools yet.'), pools);
    },
  },
  {
    words: 'pool set <name>',
    summary: 'Change what happens when no transport of a pool can send.',
    options: poolOptions,
    run: setPool,
  },
  {
    words: 'pool remove <name>',
    summary: 'Remove a pool that nothing belongs to.',
    run: removePool,
  },
];

type Args = Readonly<Record<string, string>>;
type Rule = Readonly<{ fallback?: string | undefined; whenAllBad?: 'use' | 'hold' }>;

async function addPool({ settings }: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  const rule = readRule(options, name, await settings.refresh());
  if ('problem' in rule) return misused(rule.problem);
  const { fallback, ...rest } = rule;
  const pool = poolSchema.safeParse({
    v: 1,
    name,
    origin: 'command',
    ...rest,
    ...(fallback && { fallback }),
  });
  if (!pool.success) return misused(`A pool's name ${pool.error.issues[0]?.message ?? 'cannot be read'}.`);
  const change = await settings.pools.add(pool.data);
  if (!change.ok) return failed(change.problem);
  return done(
    `Pool ${name} was added; give it transports with "postino transport add … --pool ${name}".`,
    pool.data,
  );
}

/** A pool that transports made by naming it has no entry yet. */
async function setPool({ settings }: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  if (isNothingGiven(options, poolOptions)) return nothingToChange('pool set');
  const now = await settings.refresh();
  const rule = readRule(options, name, now);
  if ('problem' in rule) return misused(rule.problem);
  const unknown = unknownPool(now, [name]);
  if (unknown !== undefined) return failed(unknown);
  if (!now.pools.has(name)) await settings.pools.add(poolSchema.parse({ v: 1, name, origin: 'command' }));
  const change = await settings.pools.change(name, ({ fallback: old, ...pool }) => {
    const fallback = 'fallback' in rule ? rule.fallback : old;
    const { whenAllBad = pool.whenAllBad } = rule;
    return { ...pool, whenAllBad, ...(fallback === undefined ? {} : { fallback }) };
  });
  if (!change.ok) return failed(change.problem);
  const { fallback, whenAllBad } = change.entry;
  return done(
    `Pool ${name}: ${fallback === undefined ? 'no fallback' : `falls back on ${fallback}`}; when all its transports are bad: ${whenAllBad}.`,
    change.entry,
  );
}

function readRule(options: Values, name: string, now: Settings): Rule | Readonly<{ problem: string }> {
  const fallback = textOf(options, 'fallback');
  const whenAllBad = textOf(options, 'whenAllBad');
  if (whenAllBad !== undefined && whenAllBad !== 'use' && whenAllBad !== 'hold')
    return { problem: '--when-all-bad must be use or hold.' };
  if (fallback === name) return { problem: `Pool ${name} cannot be its own fallback; name another one.` };
  const unknown = fallback === undefined || fallback === '' ? undefined : unknownPool(now, [fallback]);
  if (unknown !== undefined) return { problem: unknown };
  return {
    ...(fallback === undefined ? {} : { fallback: fallback === '' ? undefined : fallback }),
    ...(whenAllBad === undefined ? {} : { whenAllBad }),
  };
}

async function removePool({ settings }: SettingsContext, { name = '' }: Args): Promise<Result> {
  const now = await settings.refresh();
  const [members, users] = [membersOf(now, name), usersOf(now, name)];
  if (members.length > 0)
    return failed(
      `Pool ${name} still has transports (${members.join(', ')}); move them first with "postino transport set <name> --pool <other>".`,
    );
  if (users.length > 0)
    return failed(
      `Pool ${name} is still used by ${users.join(', ')}; give them another one first with "postino user set <name> --pool <other>".`,
    );
  const others = [
    ...[...now.pools.values()].filter(({ fallback }) => fallback === name).map((one) => `pool ${one.name}`),
    ...[...now.domains.values()].filter(({ pool }) => pool === name).map((one) => `domain ${one.name}`),
  ];
  if (others.length > 0)
    return failed(`Pool ${name} is still named by ${others.join(', ')}; change that first.`);
  const removal = await settings.pools.remove(name);
  return removal.ok ? done(`Pool ${name} was removed.`, { removed: name }) : failed(removal.problem);
}

function ruleOf(
  { pools }: Settings,
  name: string,
): Readonly<{ fallback?: string; whenAllBad: 'use' | 'hold' }> {
  const { fallback, whenAllBad = 'use' } = pools.get(name) ?? {};
  return { whenAllBad, ...(fallback === undefined ? {} : { fallback }) };
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
