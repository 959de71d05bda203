// postino transport …: the addresses that mail leaves from, how they are and how far their warm-up is.
import type { WarmupOverview } from '../deliver/warmup/overview.ts';
import { transportSchema, type Transport } from '../model/settings.ts';
import { warmupFor } from '../store/warmup-since.ts';
import {
  done,
  failed,
  isNothingGiven,
  misused,
  nothingToChange,
  sheet,
  table,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
import { membersOf, usersOf } from './pool.ts';
import { readTransportOptions, transportOptions, type Given } from './transport-options.ts';
import { changeVia, publicTransport } from './transport-via.ts';
import { sayWarmup, sayWarmupShort } from './warmup.ts';

const forceOption = { flags: '--force', summary: 'also when users are left without a way out' };

type Args = Readonly<Record<string, string>>;

/** What operators switch: the words, what they change, and what that means. */
const SWITCHES = [
  ['pause', 'Begin no new deliveries by it; what waits for it waits.', { paused: true }, 'is paused'],
  ['resume', 'Let mail leave by it again.', { paused: false }, 'is running'],
  [
    'drain',
    'Begin no new deliveries by it; what waits moves to the others of its pool.',
    { draining: true },
    'is draining: what is being sent ends, what waits moves to others',
  ],
  ['undrain', 'End the draining.', { draining: false }, 'takes mail again'],
] as const;

export const transportCommands: readonly SettingsCommand[] = [
  {
    words: 'transport add <name>',
    summary: 'Add an outbound address, or the sandbox.',
    options: [...transportOptions, { flags: '--sandbox', summary: 'catch all mail and send nothing' }],
    run: addTransport,
  },
  { words: 'transport list', summary: 'List the transports.', run: listTransports },
  {
    words: 'transport show <name>',
    summary: 'Show a transport, its state and its warm-up.',
    run: showTransport,
  },
  {
    words: 'transport set <name>',
    summary: 'Change a transport.',
    options: transportOptions,
    run: setTransport,
  },
  ...SWITCHES.map(([word, summary, change, said]) => ({
    words: `transport ${word} <name>`,
    summary,
    run: async ({ settings }: SettingsContext, { name = '' }: Args) => {
      const changed = await settings.transports.change(name, (old) => ({ ...old, ...change }), 'switch');
      if (!changed.ok) return failed(changed.problem);
      return done(`Transport ${name} ${said}.`, publicTransport(changed.entry));
    },
  })),
  {
    words: 'transport remove <name>',
    summary: 'Remove a transport; mail that waits for it goes to the others of its pool.',
    options: [forceOption],
    run: removeTransport,
  },
];

async function listTransports(context: SettingsContext): Promise<Result> {
  const { transports } = await context.settings.refresh();
  const all = [...transports.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const shown = await Promise.all(all.map((one) => shownOf(context, one)));
  const rows = shown.map(({ transport, state, warmup }) => [
    transport.name,
    transport.kind,
    transport.address ?? '',
    transport.ehlo ?? '',
    transport.pool,
    String(transport.weight),
    state,
    sayWarmupShort(warmup),
    transport.origin,
  ]);
  const head = ['transport', 'kind', 'address', 'ehlo', 'pool', 'weight', 'state', 'warm-up', 'declared by'];
  const none = 'There are no transports; add one with "postino transport add <name> --address <ip>".';
  return done(table(head, rows, none), shown.map(dataOf));
}

async function showTransport(context: SettingsContext, { name = '' }: Args): Promise<Result> {
  const transport = (await context.settings.refresh()).transports.get(name);
  if (!transport)
    return failed(`There is no transport called ${name}; "postino transport list" shows them all.`);
  const shown = await shownOf(context, transport);
  const { warmup: _, ...fields } = publicTransport(transport);
  const { reason } = context.states.stateOf(name);
  const text = sheet({ ...fields, state: shown.state, ...(reason === '' ? {} : { because: reason }) });
  return done(shown.warmup ? `${text}\n\n${sayWarmup(shown.warmup)}` : text, dataOf(shown));
}

type Shown = Readonly<{ transport: Transport; state: string; warmup: WarmupOverview | undefined }>;

async function shownOf({ states, warmup }: SettingsContext, transport: Transport): Promise<Shown> {
  return { transport, state: sayState(transport, states), warmup: await warmup.overview(transport) };
}

function dataOf({ transport, state, warmup }: Shown): Readonly<Record<string, unknown>> {
  return { ...publicTransport(transport), state, ...(warmup && { progress: warmup }) };
}

/** What operators did counts before what monitors found. */
function sayState({ name, paused, draining }: Transport, states: SettingsContext['states']): string {
  if (paused) return 'paused';
  if (draining) return 'draining';
  const { state, since } = states.stateOf(name);
  return since === 0 ? 'running' : state;
}

async function addTransport(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  const given = await readGiven(context, options);
  if ('problem' in given) return misused(given.problem);
  const sandbox = options['sandbox'] === true;
  if (!sandbox && given.fields.address === undefined)
    return misused(
      'A transport needs --address, an address of this host (or --sandbox, which sends nothing).',
    );
  const kind = sandbox ? 'sandbox' : 'smtp';
  const entry = transportSchema.safeParse({ ...given.fields, v: 1, name, kind, origin: 'command' });
  if (!entry.success)
    return misused(
      `${entry.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}.`,
    );
  const made = applied(context, entry.data, undefined, given);
  if ('problem' in made) return misused(made.problem);
  const change = await context.settings.transports.add(made);
  if (!change.ok) return failed(change.problem);
  const warming = change.entry.warmup
    ? ` Its warm-up begins with few messages a day: "postino transport show ${name}" tells; say --warm where the world knows this address.`
    : '';
  return done(
    `Transport ${name} was added to pool ${change.entry.pool}.${warming}`,
    publicTransport(change.entry),
  );
}

async function setTransport(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  if (isNothingGiven(options, transportOptions)) return nothingToChange('transport set');
  const given = await readGiven(context, options);
  if ('problem' in given) return misused(given.problem);
  const old = (await context.settings.refresh()).transports.get(name);
  const trial = old && applied(context, old, old, given);
  if (trial && 'problem' in trial) return misused(trial.problem);
  const change = await context.settings.transports.change(name, (entry) => {
    const made = applied(context, entry, entry, given);
    return 'problem' in made ? entry : made;
  });
  if (!change.ok) return failed(change.problem);
  const shown = publicTransport(change.entry);
  return done(`Transport ${name} was changed.\n${sheet(shown)}`, shown);
}

async function readGiven(
  context: SettingsContext,
  options: Values,
): Promise<Given | Readonly<{ problem: string }>> {
  const wanted = options['viaPasswordStdin'] === true;
  const password = wanted ? (await context.readInput()).replace(/\r?\n$/, '') : undefined;
  if (password === '') return { problem: 'Standard input held no password.' };
  return readTransportOptions(options, password);
}

/** The entry with what was given, its upstream relay sealed, and its warm-up begun where it is new to the world. */
function applied(
  { sealer, today }: SettingsContext,
  entry: Transport,
  old: Transport | undefined,
  { fields, removed, said, relay }: Given,
): Transport | Readonly<{ problem: string }> {
  const changed = changeVia(entry.name, old?.via, relay, sealer);
  if ('problem' in changed) return changed;
  const { warm: _warm, warmup: _warmup, via: _via, ...plain } = { ...entry, ...fields };
  const kept = Object.entries(plain).filter(([key]) => !removed.some((one) => one === key));
  const next = transportSchema.parse({
    ...Object.fromEntries(kept),
    ...(changed.via && { via: changed.via }),
  });
  return { ...next, ...warmupFor(next, old, said, today(next.timeZone)) };
}

async function removeTransport(
  { settings }: SettingsContext,
  { name = '' }: Args,
  options: Values,
): Promise<Result> {
  const now = await settings.refresh();
  const pool = now.transports.get(name)?.pool ?? '';
  const users = usersOf(now, pool);
  const last = membersOf(now, pool).every((member) => member === name);
  const hasOther = now.pools.get(pool)?.fallback !== undefined;
  if (pool !== '' && last && !hasOther && users.length > 0 && options['force'] !== true)
    return failed(
      `Transport ${name} is the last of pool ${pool}, which ${users.join(', ')} would have no way out without; add another one first, or say --force: their mail then waits.`,
    );
  const removal = await settings.transports.remove(name);
  if (!removal.ok) return failed(removal.problem);
  return done(`Transport ${name} was removed; mail that waits for it goes to the others of pool ${pool}.`, {
    removed: name,
  });
}
