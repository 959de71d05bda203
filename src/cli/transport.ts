// postino pool … and postino transport …: the addresses that mail leaves from, and their groups.
import { isIP } from 'node:net';
import { poolSchema, transportSchema, type Settings, type Transport } from '../model/settings.ts';
import {
  done,
  failed,
  isNothingGiven,
  misused,
  nothingToChange,
  sheet,
  table,
  textOf,
  type Option,
  type Result,
  type Values,
} from './command.ts';
import { poolNames, type SettingsCommand, type SettingsContext } from './context.ts';

const transportOptions: readonly Option[] = [
  { flags: '--address <ip>', summary: 'address of this host that mail leaves from' },
  { flags: '--address6 <ip>', summary: 'IPv6 address beside it' },
  { flags: '--public-address <ip>', summary: 'what the world sees behind NAT' },
  { flags: '--ehlo <name>', summary: 'name that it says in EHLO' },
  { flags: '--pool <name>', summary: 'group that it belongs to (default: default)' },
];

const forceOption = { flags: '--force', summary: 'also when users are left without a way out' };

export const transportCommands: readonly SettingsCommand[] = [
  {
    words: 'transport add <name>',
    summary: 'Add an outbound address, or the sandbox.',
    options: [...transportOptions, { flags: '--sandbox', summary: 'catch all mail and send nothing' }],
    run: addTransport,
  },
  {
    words: 'transport list',
    summary: 'List the transports.',
    run: async ({ settings }) => {
      const all = [...(await settings.refresh()).transports.values()].sort((a, b) =>
        a.name < b.name ? -1 : 1,
      );
      const rows = all.map((one) => [
        one.name,
        one.kind,
        one.address ?? '',
        one.ehlo ?? '',
        one.pool,
        stateOf(one),
        one.origin,
      ]);
      const head = ['transport', 'kind', 'address', 'ehlo', 'pool', 'state', 'declared by'];
      return done(
        table(
          head,
          rows,
          'There are no transports; add one with "postino transport add <name> --address <ip>".',
        ),
        all,
      );
    },
  },
  {
    words: 'transport show <name>',
    summary: 'Show a transport.',
    run: async ({ settings }, { name = '' }) => {
      const transport = (await settings.refresh()).transports.get(name);
      if (!transport)
        return failed(`There is no transport called ${name}; "postino transport list" shows them all.`);
      return done(sheet(transport), transport);
    },
  },
  {
    words: 'transport set <name>',
    summary: 'Change a transport.',
    options: transportOptions,
    run: setTransport,
  },
  ...([true, false] as const).map((paused) => ({
    words: `transport ${paused ? 'pause' : 'resume'} <name>`,
    summary: paused ? 'Begin no new deliveries by it.' : 'Let mail leave by it again.',
    run: async ({ settings }: SettingsContext, { name = '' }) => {
      const change = await settings.transports.change(name, (old) => ({ ...old, paused }), 'switch');
      if (!change.ok) return failed(change.problem);
      return done(`Transport ${name} is ${paused ? 'paused' : 'running'}.`, change.entry);
    },
  })),
  {
    words: 'transport remove <name>',
    summary: 'Remove a transport; mail that waits for it goes to the others of its pool.',
    options: [forceOption],
    run: removeTransport,
  },
];

export const poolCommands: readonly SettingsCommand[] = [
  {
    words: 'pool add <name>',
    summary: 'Add a pool, a named group of transports.',
    run: async ({ settings }, { name = '' }) => {
      const pool = poolSchema.safeParse({ v: 1, name, origin: 'command' });
      if (!pool.success)
        return misused(`A pool's name ${pool.error.issues[0]?.message ?? 'cannot be read'}.`);
      const change = await settings.pools.add(pool.data);
      if (!change.ok) return failed(change.problem);
      return done(
        `Pool ${name} was added; give it transports with "postino transport add … --pool ${name}".`,
        pool.data,
      );
    },
  },
  {
    words: 'pool list',
    summary: 'List the pools with their transports.',
    run: async ({ settings }) => {
      const now = await settings.refresh();
      const pools = [...poolNames(now)]
        .sort()
        .map((name) => ({ name, transports: membersOf(now, name), users: usersOf(now, name) }));
      const rows = pools.map((pool) => [
        pool.name,
        pool.transports.join(', ') || 'none',
        pool.users.join(', '),
      ]);
      return done(table(['pool', 'transports', 'users'], rows, 'There are no pools yet.'), pools);
    },
  },
  {
    words: 'pool remove <name>',
    summary: 'Remove a pool that nothing belongs to.',
    run: async ({ settings }, { name = '' }) => {
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
      const removal = await settings.pools.remove(name);
      return removal.ok ? done(`Pool ${name} was removed.`, { removed: name }) : failed(removal.problem);
    },
  },
];

async function addTransport(
  { settings }: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { name = '' } = args;
  const fields = fieldsOf(options);
  if ('problem' in fields) return misused(fields.problem);
  const sandbox = options['sandbox'] === true;
  if (!sandbox && fields.address === undefined)
    return misused(
      'A transport needs --address, an address of this host (or --sandbox, which sends nothing).',
    );
  const entry = transportSchema.safeParse({
    ...fields,
    v: 1,
    name,
    kind: sandbox ? 'sandbox' : 'smtp',
    origin: 'command',
  });
  if (!entry.success)
    return misused(
      `${entry.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}.`,
    );
  const change = await settings.transports.add(entry.data);
  if (!change.ok) return failed(change.problem);
  return done(`Transport ${name} was added to pool ${change.entry.pool}.`, change.entry);
}

async function setTransport(
  { settings }: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { name = '' } = args;
  if (isNothingGiven(options, transportOptions)) return nothingToChange('transport set');
  const fields = fieldsOf(options);
  if ('problem' in fields) return misused(fields.problem);
  const change = await settings.transports.change(name, (old) => ({ ...old, ...fields }));
  if (!change.ok) return failed(change.problem);
  return done(`Transport ${name} was changed.\n${sheet(change.entry)}`, change.entry);
}

async function removeTransport(
  { settings }: SettingsContext,
  args: Readonly<Record<string, string>>,
  options: Values,
): Promise<Result> {
  const { name = '' } = args;
  const now = await settings.refresh();
  const pool = now.transports.get(name)?.pool ?? '';
  const users = usersOf(now, pool);
  const last = membersOf(now, pool).every((member) => member === name);
  if (pool !== '' && last && users.length > 0 && options['force'] !== true)
    return failed(
      `Transport ${name} is the last of pool ${pool}, which ${users.join(', ')} would have no way out without; add another one first, or say --force: their mail then waits.`,
    );
  const removal = await settings.transports.remove(name);
  if (!removal.ok) return failed(removal.problem);
  return done(`Transport ${name} was removed; mail that waits for it goes to the others of pool ${pool}.`, {
    removed: name,
  });
}

type Fields = { -readonly [K in 'address' | 'address6' | 'publicAddress' | 'ehlo' | 'pool']?: string };

function fieldsOf(options: Values): Fields | Readonly<{ problem: string }> {
  const fields: Fields = {};
  for (const name of ['address', 'address6', 'publicAddress', 'ehlo', 'pool'] as const) {
    const text = textOf(options, name);
    if (text !== undefined) fields[name] = text;
  }
  for (const address of [fields.address, fields.address6, fields.publicAddress])
    if (address !== undefined && isIP(address) === 0) return { problem: `${address} is not an IP address.` };
  if (fields.address6 !== undefined && isIP(fields.address6) !== 6)
    return { problem: `${fields.address6} is not an IPv6 address.` };
  return fields;
}

function membersOf({ transports }: Settings, pool: string): readonly string[] {
  return [...transports.values()]
    .filter((one) => one.pool === pool)
    .map(({ name }) => name)
    .sort();
}

function usersOf({ users }: Settings, pool: string): readonly string[] {
  return [...users.values()]
    .filter((user) => user.pool === pool || user.pools.includes(pool))
    .map(({ name }) => name)
    .sort();
}

function stateOf(transport: Transport): string {
  return transport.paused ? 'paused' : 'running';
}
