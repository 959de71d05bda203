// postino queue …: what waits, and what an operator can do with it.
import type { Operate, Selection } from '../backlog/operate.ts';
import { pauseKinds, type PauseName } from '../backlog/pauses.ts';
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Settings } from '../model/settings.ts';
import {
  done,
  failed,
  misused,
  table,
  textOf,
  type Command,
  type Option,
  type Result,
  type Values,
} from './command.ts';

export type QueueContext = Readonly<{ operate: Operate; clock: Clock; settingsNow(): Settings }>;

const SELECTION: readonly Option[] = [
  { flags: '--id <id>', summary: 'a delivery, or all of a message' },
  { flags: '--recipient <address>', summary: 'one recipient' },
  { flags: '--domain <domain>', summary: 'a recipient domain' },
  { flags: '--user <name>', summary: 'mail of this user' },
  { flags: '--transport <name>', summary: 'what is to leave by this transport' },
];
const ALL: Option = { flags: '--all', summary: 'everything that waits' };
const PAUSE: readonly Option[] = pauseKinds.map((kind) => ({
  flags: `--${kind} <${kind}>`,
  summary: kind === 'domain' ? 'a recipient domain' : `mail of this ${kind}`,
}));
const LIMIT = 50;

export const queueCommands: readonly Command<QueueContext>[] = [
  { words: 'queue', summary: 'How much waits, per transport.', run: (context) => overview(context) },
  {
    words: 'queue list',
    summary: 'Deliveries that wait, soonest first.',
    options: [...SELECTION, { flags: '--limit <n>', summary: `at most so many (default: ${LIMIT})` }],
    run: (context, _, options) => list(context, options),
  },
  {
    words: 'queue show <id>',
    summary: 'One delivery that waits, or all of a message.',
    run: (context, { id = '' }) => show(context, id.trim().toUpperCase()),
  },
  {
    words: 'queue pause',
    summary: 'Stop sending for a domain, a user or a campaign; mail is still taken.',
    options: PAUSE,
    run: (context, _, options) => pause(context, options),
  },
  {
    words: 'queue resume',
    summary: 'Go on with what was paused.',
    options: PAUSE,
    run: (context, _, options) => resume(context, options),
  },
  {
    words: 'queue retry',
    summary: 'Try again now.',
    options: [...SELECTION, ALL],
    run: (context, _, options) =>
      change(options, (selection) => context.operate.sendNow(selection), 'made due now'),
  },
  {
    words: 'queue cancel',
    summary: 'End deliveries without sending them. This cannot be undone.',
    options: [...SELECTION, ALL],
    run: (context, _, options) =>
      change(
        options,
        (selection) => context.operate.cancel(selection, 'An operator cancelled it.'),
        'cancelled',
      ),
  },
  {
    words: 'queue move <transport>',
    summary: 'Give deliveries to another transport of their pool.',
    options: [...SELECTION, ALL],
    run: (context, { transport = '' }, options) => move(context, transport, options),
  },
];

async function overview({ operate, settingsNow }: QueueContext): Promise<Result> {
  const depth = await operate.depth([...settingsNow().transports.keys()]);
  const pauses = await operate.pauses();
  const rows = depth.perTransport.map(({ transport, waiting, later, sending }) => [
    transport,
    String(waiting),
    String(later),
    String(sending),
  ]);
  const text = [
    table(
      ['transport', 'waiting', 'later', 'sending'],
      rows,
      'There is no transport yet: "postino transport add".',
    ),
    '',
    `${depth.open} deliveries have not ended.`,
    ...(depth.paused > 0 ? [`${depth.paused} are paused.`] : []),
    ...(pauses.length > 0 ? [`Paused: ${pauses.join(', ')}.`] : []),
  ].join('\n');
  return done(text, { ...depth, pauses });
}

function selectionOf(options: Values): Selection {
  return {
    id: textOf(options, 'id')?.toUpperCase(),
    recipient: textOf(options, 'recipient'),
    domain: textOf(options, 'domain'),
    user: textOf(options, 'user'),
    transport: textOf(options, 'transport'),
  };
}

const isEmpty = (selection: Selection): boolean =>
  Object.values(selection).every((value) => value === undefined);

async function list({ operate, clock }: QueueContext, options: Values): Promise<Result> {
  const limit = Number(textOf(options, 'limit') ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1) return misused('--limit must be a whole number above 0.');
  const deliveries = await operate.list(selectionOf(options), limit);
  const now = clock.now();
  const rows = deliveries.map((delivery) => [
    delivery.id,
    delivery.recipient.address,
    delivery.transport === '' ? '(none)' : delivery.transport,
    delivery.state,
    String(delivery.attempts),
    delivery.due <= now ? 'now' : `in ${sayDuration(delivery.due - now)}`,
  ]);
  return done(
    table(['delivery', 'recipient', 'transport', 'state', 'tries', 'due'], rows, 'Nothing waits.'),
    deliveries,
  );
}

async function show({ operate, clock }: QueueContext, id: string): Promise<Result> {
  const deliveries = await operate.list({ id }, LIMIT);
  if (deliveries.length === 0)
    return failed(`Nothing of ${id} waits; "postino message show ${id}" tells what became of it.`);
  return done(deliveries.map((delivery) => describe(delivery, clock.now())).join('\n\n'), deliveries);
}

function describe(delivery: Delivery, now: number): string {
  const { id, recipient, user, pool, transport, priority, state, attempts, due, expiresAt } = delivery;
  return [
    `${id}  to ${recipient.address}`,
    `  from user ${user}, pool ${pool}, transport ${transport === '' ? '(none)' : transport}, priority ${priority}`,
    `  ${state}, tried ${attempts} times; due ${due <= now ? 'now' : `in ${sayDuration(due - now)}`}; expires in ${sayDuration(Math.max(0, expiresAt - now))}`,
  ].join('\n');
}

async function change(
  options: Values,
  work: (selection: Selection) => Promise<Readonly<{ changed: number; busy: number }>>,
  what: string,
): Promise<Result> {
  const selection = selectionOf(options);
  if (isEmpty(selection) && options['all'] !== true)
    return misused('Say which deliveries: --id, --recipient, --domain, --user, --transport, or --all.');
  const { changed, busy } = await work(selection);
  const left = busy > 0 ? ` ${busy} are being sent just now and were left alone.` : '';
  return done(`${changed} ${changed === 1 ? 'delivery was' : 'deliveries were'} ${what}.${left}`, {
    changed,
    busy,
  });
}

/** A user's mail leaves only by the pools granted to it (design promise 3), so a move stays within the pool. */
async function move(
  { operate, settingsNow }: QueueContext,
  target: string,
  options: Values,
): Promise<Result> {
  const transport = settingsNow().transports.get(target);
  if (!transport) return failed(`There is no transport ${target}; "postino transport list" shows all.`);
  return change(
    options,
    (selection) => operate.move({ ...selection, pool: transport.pool }, target),
    `moved to ${target}`,
  );
}

function pauseName(options: Values): PauseName | undefined {
  const given = pauseKinds.flatMap((kind) => {
    const value = textOf(options, kind);
    return value === undefined ? [] : [`${kind}:${kind === 'domain' ? value.toLowerCase() : value}` as const];
  });
  return given.length === 1 ? given[0] : undefined;
}

const WHICH =
  'Name one of --domain, --user and --campaign; a transport is paused by "postino transport pause".';

async function pause({ operate }: QueueContext, options: Values): Promise<Result> {
  const name = pauseName(options);
  if (!name) return misused(WHICH);
  await operate.pause(name);
  return done(`Paused: ${name}. Mail for it is taken and waits.`, { paused: name });
}

async function resume({ operate }: QueueContext, options: Values): Promise<Result> {
  const name = pauseName(options);
  if (!name) return misused(WHICH);
  const { lifted, changed } = await operate.resume(name);
  if (!lifted && changed === 0) return failed(`${name} is not paused; "postino queue" shows what is.`);
  return done(`Resumed: ${name}; ${changed} deliveries go on.`, { resumed: name, changed });
}
