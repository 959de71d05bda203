// postino transport …: the addresses that mail leaves from, how they are and how far their warm-up is.
import {
  addTransport,
  changeTransport,
  listTransports,
  removeTransport,
  showTransport,
  switchTransport,
  type Given,
  type ShownTransport,
} from '../verbs/transport.ts';
import { usersOf } from '../verbs/pool.ts';
import { publicTransport, type PublicTransport } from '../verbs/transport-via.ts';
import {
  declined,
  done,
  isNothingGiven,
  misused,
  nothingToChange,
  sheet,
  table,
  type Result,
  type Values,
} from './command.ts';
import type { SettingsCommand, SettingsContext } from './context.ts';
import { readTransportOptions, transportOptions } from './transport-options.ts';
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
    run: add,
  },
  { words: 'transport list', summary: 'List the transports.', run: list },
  {
    words: 'transport show <name>',
    summary: 'Show a transport, its state and its warm-up.',
    run: show,
  },
  {
    words: 'transport set <name>',
    summary: 'Change a transport.',
    options: transportOptions,
    run: set,
  },
  ...SWITCHES.map(([word, summary, change, said]) => ({
    words: `transport ${word} <name>`,
    summary,
    run: async (context: SettingsContext, { name = '' }: Args) => {
      const changed = await switchTransport(context, name, change);
      if (!changed.ok) return declined(changed);
      return done(`Transport ${name} ${said}.`, publicTransport(changed.value));
    },
  })),
  {
    words: 'transport remove <name>',
    summary: 'Remove a transport; mail that waits for it goes to the others of its pool.',
    options: [forceOption],
    run: remove,
  },
];

async function list(context: SettingsContext): Promise<Result> {
  const shown = await listTransports(context);
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

async function show(context: SettingsContext, { name = '' }: Args): Promise<Result> {
  const shown = await showTransport(context, name);
  if (!shown.ok) return declined(shown);
  const { transport, state, because, warmup } = shown.value;
  const { warmup: _, ...fields } = publicTransport(transport);
  const text = sheet({ ...sheetOf(fields), state, ...(because && { because: because.reason }) });
  return done(warmup ? `${text}\n\n${sayWarmup(warmup)}` : text, dataOf(shown.value));
}

/** Its upstream relay in words, in place of what programs read. */
function sheetOf(shown: Readonly<Partial<PublicTransport>>): Readonly<Record<string, unknown>> {
  const { v: _, via, ...fields } = shown;
  if (via === undefined) return fields;
  const { host, port, tls, verify, username } = via;
  const login = username === undefined ? [] : [`log-in ${username}`];
  const trust = verify ? [] : ['any certificate'];
  return { ...fields, via: [`${host}:${port}`, `TLS ${tls}`, ...trust, ...login].join(', ') };
}

function dataOf({ transport, state, because, warmup }: ShownTransport): Readonly<Record<string, unknown>> {
  return { ...publicTransport(transport), state, ...because, ...(warmup && { progress: warmup }) };
}

async function add(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  const given = await readGiven(context, options);
  if ('problem' in given) return misused(given.problem);
  const sandbox = options['sandbox'] === true;
  if (!sandbox && given.fields.address === undefined)
    return misused(
      'A transport needs --address, an address of this host (or --sandbox, which sends nothing).',
    );
  const change = await addTransport(context, { name, kind: sandbox ? 'sandbox' : 'smtp' }, given);
  if (!change.ok) return declined(change);
  const { pool, warmup } = change.value;
  // Whoever says how far a warm-up is knows that there is one.
  const isNew = warmup !== undefined && Object.keys(given.said).length === 0;
  const warming = isNew
    ? ` Its warm-up begins with few messages a day: "postino transport show ${name}" tells; say --warm where the world knows this address.`
    : '';
  return done(
    `Transport ${name} was added to pool ${pool}.${warming}${await noteOfPool(context, pool)}`,
    publicTransport(change.value),
  );
}

/** A pool comes into being with its first transport; one that nobody sends by may be a slip of the pen. */
async function noteOfPool({ settings }: SettingsContext, pool: string): Promise<string> {
  const now = await settings.refresh();
  const isUsed =
    usersOf(now, pool).length > 0 ||
    [...now.domains.values()].some((domain) => domain.pool === pool) ||
    [...now.pools.values()].some(({ name, fallback }) => name === pool || fallback === pool);
  return isUsed
    ? ''
    : ` Nobody sends by pool ${pool} yet: "postino user set <name> --pool ${pool}", or "postino domain set".`;
}

async function set(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  if (isNothingGiven(options, transportOptions)) return nothingToChange('transport set');
  const given = await readGiven(context, options);
  if ('problem' in given) return misused(given.problem);
  const change = await changeTransport(context, name, given);
  if (!change.ok) return declined(change);
  const shown = publicTransport(change.value);
  const note = given.fields.pool === undefined ? '' : await noteOfPool(context, given.fields.pool);
  return done(`Transport ${name} was changed.${note}\n${sheet(sheetOf(shown))}`, shown);
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

async function remove(context: SettingsContext, { name = '' }: Args, options: Values): Promise<Result> {
  const removal = await removeTransport(context, name, options['force'] === true ? 'force' : 'careful');
  if (!removal.ok) return declined(removal);
  const { pool } = removal.value;
  return done(`Transport ${name} was removed; mail that waits for it goes to the others of pool ${pool}.`, {
    removed: name,
  });
}
