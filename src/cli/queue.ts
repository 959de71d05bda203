// postino queue …: what waits, and what an operator can do with it.
import type { Changed, Selection } from '../backlog/operate.ts';
import { pauseKinds, type Pause, type PauseName } from '../backlog/pauses.ts';
import { parseDuration, sayDuration } from '../lib/duration.ts';
import { noSuch } from '../verbs/did.ts';
import { idlePools, sayIdlePool } from '../verbs/pool.ts';
import {
  cancelAll,
  listQueue,
  moveTo,
  pauseMail,
  putOff,
  queueState,
  resumeMail,
  retryNow,
  type QueueVerbs,
  type Waiting,
} from '../verbs/queue.ts';
import {
  declined,
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
import { readMoment } from './moment.ts';
import { change, changeOptions, selectionOf, selectionOptions } from './selection.ts';
import { clean, sayTime } from './timeline.ts';

export type QueueContext = QueueVerbs;

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
    options: [...selectionOptions, { flags: '--limit <n>', summary: `at most so many (default: ${LIMIT})` }],
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
    options: [
      ...PAUSE,
      {
        flags: '--for <duration>',
        summary: 'until it resumes by itself, such as "2h"; default: somebody does it',
      },
      { flags: '--reason <text>', summary: 'for those who look at it later' },
    ],
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
    options: changeOptions,
    run: (context, _, options) =>
      change(options, (selection) => retryNow(context, selection), 'made due now'),
  },
  {
    words: 'queue reschedule',
    summary: 'Put deliveries off, or bring them forward.',
    options: [
      {
        flags: '--at <when>',
        summary: '"+2h", "now", or a date with its time and zone: "2026-01-31T09:00Z"',
      },
      ...changeOptions,
    ],
    run: (context, _, options) => reschedule(context, options),
  },
  {
    words: 'queue cancel',
    summary: 'End deliveries without sending them. This cannot be undone.',
    options: changeOptions,
    run: (context, _, options) => change(options, (selection) => cancelAll(context, selection), 'cancelled'),
  },
  {
    words: 'queue move <transport>',
    summary: 'Give deliveries to another transport of their pool.',
    options: changeOptions,
    run: (context, { transport = '' }, options) => move(context, transport, options),
  },
];

async function overview(context: QueueContext): Promise<Result> {
  const { pauses, quarantined, ...depth } = await queueState(context);
  const { settingsNow } = context;
  const rows = depth.perTransport.map(({ transport, waiting, later, sending }) => [
    transport,
    String(waiting),
    String(later),
    String(sending),
  ]);
  const text = [
    table(
      ['transport', 'due now', 'for later', 'being sent'],
      rows,
      'There is no transport yet: "postino transport add".',
    ),
    '',
    depth.open === 1 ? '1 delivery has not ended.' : `${depth.open} deliveries have not ended.`,
    ...(depth.paused > 0
      ? [`${depth.paused} of them ${depth.paused === 1 ? 'is' : 'are'} held by a pause and in no column.`]
      : []),
    ...(quarantined > 0 ? [`Messages in quarantine: ${quarantined} ("postino quarantine list").`] : []),
    ...idlePools(settingsNow()).map(sayIdlePool),
    ...(pauses.length > 0 ? [`Paused: ${pauses.map(sayPause).join('; ')}.`] : []),
  ].join('\n');
  return done(text, { ...depth, pauses: pauses.map(({ name }) => name), quarantined });
}

async function list(context: QueueContext, options: Values): Promise<Result> {
  const limit = Number(textOf(options, 'limit') ?? LIMIT);
  if (!Number.isInteger(limit) || limit < 1) return misused('--limit must be a whole number above 0.');
  const deliveries = await listQueue(context, selectionOf(options), limit);
  const now = context.clock.now();
  const rows = deliveries.map((delivery) => [
    delivery.id,
    delivery.recipient.address,
    delivery.transport === '' ? '(none)' : delivery.transport,
    sayState(delivery),
    String(delivery.attempts),
    sayTurn(delivery, now),
  ]);
  return done(
    table(['delivery', 'recipient', 'transport', 'state', 'tries', 'due'], rows, 'Nothing waits.'),
    deliveries,
  );
}

/** States as people read them; programs get the record's own words. */
const STATES = { parked: 'in line', sending: 'being sent' } as const;

/** What is paused since a scanner refused its message says so, and why. */
function sayState({ state, quarantined }: Waiting): string {
  if (quarantined !== undefined) return clean(`quarantined: ${quarantined}`);
  return state === 'parked' || state === 'sending' ? STATES[state] : state;
}

/** When its next try is due; what somebody holds has none before that ends. */
function sayTurn({ state, due, quarantined }: Waiting, now: number): string {
  if (quarantined !== undefined) return 'when released';
  return state === 'paused' ? 'when resumed' : sayDue(due, now);
}

async function show(context: QueueContext, id: string): Promise<Result> {
  const deliveries = await listQueue(context, { id }, LIMIT);
  if (deliveries.length === 0)
    return failed(`Nothing of ${id} waits; "postino message show ${id}" tells what became of it.`);
  return done(deliveries.map((delivery) => describe(delivery, context.clock.now())).join('\n\n'), deliveries);
}

function describe(delivery: Waiting, now: number): string {
  const { id, recipient, user, pool, transport, priority, state, attempts, expiresAt } = delivery;
  const { campaign, batch, maxAttempts, fallback, hold } = delivery;
  const way = transport === '' ? '(none)' : transport;
  const leaves = fallback === undefined ? way : `${way} of the fallback pool ${fallback}`;
  const belongs = [campaign && `campaign ${campaign}`, batch && `batch ${batch}`].filter(Boolean).join(', ');
  const most = maxAttempts === undefined ? '' : ` of at most ${maxAttempts}`;
  return [
    `${id}  to ${recipient.address}`,
    `  from user ${user}, pool ${pool}, transport ${leaves}, priority ${priority}`,
    ...(belongs === '' ? [] : [`  ${belongs}`]),
    `  ${sayState(delivery)}, tried ${attempts} times${most}; due ${sayTurn(delivery, now)}; expires in ${sayDuration(Math.max(0, expiresAt - now))}`,
    ...(state === 'parked'
      ? ['  in line behind other mail for the same hosts, or a limit holds them back: "postino limit list"']
      : []),
    ...(hold === undefined ? [] : [`  held until then: ${HOLDS[hold] ?? hold}`]),
  ]
    .map((line) => clean(line).replaceAll('\n', ' '))
    .join('\n');
}

/** Why something is held, by the names of rules. */
const HOLDS: Readonly<Record<string, string>> = {
  warmup: 'its transport has sent what its warm-up lets it send today',
  provider: 'other connections to the provider are open',
};

function sayDue(due: number, now: number): string {
  return due <= now ? 'now' : `in ${sayDuration(due - now)}, at ${sayTime(due)} UTC`;
}

async function reschedule(context: QueueContext, options: Values): Promise<Result> {
  const when = textOf(options, 'at');
  if (when === undefined) return misused('Say when with --at, such as --at +2h.');
  const now = context.clock.now();
  const moment = readMoment(when, now);
  if (!moment.ok) return misused(`--at ${moment.problem}`);
  const what = moment.at <= now ? 'made due now' : `put to ${sayTime(moment.at)} UTC`;
  return change(options, (selection) => putOff(context, selection, moment.at), what);
}

async function move(context: QueueContext, target: string, options: Values): Promise<Result> {
  if (!context.settingsNow().transports.has(target)) return declined(noSuch('transport', target));
  const work = async (selection: Selection): Promise<Changed> => {
    const moved = await moveTo(context, selection, target);
    return moved.ok ? moved.value : { changed: 0, busy: 0 };
  };
  return change(options, work, `moved to ${target}`);
}

/** What an operator paused needs no more than its name. */
function sayPause({ name, by, until }: Pause): string {
  const why = [
    ...(by === 'operator' ? [] : [`by ${by}`]),
    ...(until === undefined ? [] : [`until ${sayTime(until)}`]),
  ];
  return why.length === 0 ? name : `${name} (${why.join(', ')})`;
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

async function pause(context: QueueContext, options: Values): Promise<Result> {
  const name = pauseName(options);
  if (!name) return misused(WHICH);
  const [given, reason] = [textOf(options, 'for'), textOf(options, 'reason')];
  const ms = given === undefined ? undefined : parseDuration(given);
  if (given !== undefined && (ms === undefined || ms <= 0))
    return misused('--for must be a duration such as "30m", "2h" or "1d".');
  const until = await pauseMail(context, name, { forMs: ms, reason });
  const end = ms === undefined ? '' : ` for ${sayDuration(ms)}`;
  return done(`Paused${end}: ${name}. Mail for it is taken and waits.`, { paused: name, ...until });
}

async function resume(context: QueueContext, options: Values): Promise<Result> {
  const name = pauseName(options);
  if (!name) return misused(WHICH);
  const resumed = await resumeMail(context, name);
  if (!resumed.ok) return declined(resumed);
  const { changed } = resumed.value;
  return done(`Resumed: ${name}; ${changed} deliveries go on.`, { resumed: name, changed });
}
