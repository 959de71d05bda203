// postino pool …: named groups of transports, what takes over from them, and who sends by them.
import { poolSchema } from '../model/settings.ts';
import { addPool, changePool, listPools, removePool, type PoolRule } from '../verbs/pool.ts';
import {
  declined,
  done,
  isNothingGiven,
  misused,
  nothingToChange,
  table,
  textOf,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';

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
    run: add,
  },
  {
    words: 'pool list',
    summary: 'List the pools with their transports.',
    run: async (context) => {
      const pools = await listPools(context);
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
    run: set,
  },
  {
    words: 'pool remove <name>',
    summary: 'Remove a pool that nothing belongs to.',
    run: async (context, { name = '' }) => {
      const removal = await removePool(context, name);
      if (!removal.ok) return declined(removal);
      return done(`Pool ${name} was removed.`, { removed: name });
    },
  },
];

type Args = Readonly<Record<string, string>>;

async function add(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  const rule = readRule(options);
  if ('problem' in rule) return misused(rule.problem);
  const { fallback, ...rest } = rule;
  const pool = poolSchema.safeParse({
    v: 1,
    name,
    origin: 'command',
    ...rest,
    ...(fallback === undefined ? {} : { fallback }),
  });
  if (!pool.success) return misused(`A pool's name ${pool.error.issues[0]?.message ?? 'cannot be read'}.`);
  const change = await addPool(context, pool.data);
  if (!change.ok) return declined(change);
  return done(
    `Pool ${name} was added; give it transports with "postino transport add … --pool ${name}".`,
    change.value,
  );
}

async function set(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  if (isNothingGiven(options, poolOptions)) return nothingToChange('pool set');
  const rule = readRule(options);
  if ('problem' in rule) return misused(rule.problem);
  const change = await changePool(context, name, rule);
  if (!change.ok) return declined(change);
  const { fallback, whenAllBad } = change.value;
  return done(
    `Pool ${name}: ${fallback === undefined ? 'no fallback' : `falls back on ${fallback}`}; when all its transports are bad: ${whenAllBad}.`,
    change.value,
  );
}

/** "" as fallback removes it. */
function readRule(options: Values): PoolRule | Readonly<{ problem: string }> {
  const fallback = textOf(options, 'fallback');
  const whenAllBad = textOf(options, 'whenAllBad');
  if (whenAllBad !== undefined && whenAllBad !== 'use' && whenAllBad !== 'hold')
    return { problem: '--when-all-bad must be use or hold.' };
  return {
    ...(fallback === undefined ? {} : { fallback: fallback === '' ? undefined : fallback }),
    ...(whenAllBad === undefined ? {} : { whenAllBad }),
  };
}
