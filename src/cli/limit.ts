// postino limit …: what automation holds back just now, why, and until when; and lifting it.
import type { Operate } from '../backlog/operate.ts';
import type { Pause } from '../backlog/pauses.ts';
import { sayEffect, type Limit } from '../deliver/shaping/limit.ts';
import type { Limits } from '../deliver/shaping/limits.ts';
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { done, failed, sheet, table, type Command, type Result } from './command.ts';
import { clean, sayTime } from './timeline.ts';

export type LimitContext = Readonly<{ limits: Limits; operate: Operate; clock: Clock }>;

/** Anything that holds mail back, as people see it. */
type Shown = Readonly<{
  id: string;
  scope: string;
  key: string;
  does: string;
  until: number | undefined;
  rule: string;
  why: string;
  at: number;
}>;

export const limitCommands: readonly Command<LimitContext>[] = [
  {
    words: 'limit list',
    summary: 'What is held back just now, by automation and by pauses.',
    run: (context) => list(context),
  },
  {
    words: 'limit show <id>',
    summary: 'One limit: what it does, why, and until when.',
    run: (context, { id = '' }) => show(context, id),
  },
  {
    words: 'limit cancel <id>',
    summary: 'Lift a limit before its time; automation may set it again.',
    run: (context, { id = '' }) => cancel(context, id),
  },
];

async function all({ limits, operate }: LimitContext): Promise<readonly Shown[]> {
  await limits.refresh();
  const pauses = await operate.pauses();
  return [...limits.list().map(showLimit), ...pauses.map(showPause)].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function showLimit(limit: Limit): Shown {
  const { id, scope, key, until, rule, why, at } = limit;
  return { id, scope, key, does: sayEffect(limit), until, rule, why, at };
}

function showPause({ name, by, reason, until, at }: Pause): Shown {
  const [scope = '', ...rest] = name.split(':');
  return { id: name, scope, key: rest.join(':'), does: 'paused', until, rule: by, why: reason ?? '', at };
}

async function list(context: LimitContext): Promise<Result> {
  const shown = await all(context);
  const now = context.clock.now();
  const rows = shown.map(({ id, does, until, why }) => [
    clean(id),
    does,
    until === undefined ? 'resumed' : sayDuration(Math.max(0, until - now)),
    clean(why).slice(0, 80),
  ]);
  return done(table(['limit', 'does', 'for / until', 'why'], rows, 'Nothing is held back.'), {
    limits: shown,
  });
}

async function show(context: LimitContext, id: string): Promise<Result> {
  const limit = (await all(context)).find((one) => one.id === id);
  if (!limit) return unknown(id);
  const { at, until, rule, why, does, scope, key } = limit;
  const text = sheet({
    limit: clean(id),
    of: `${scope} ${clean(key)}`,
    does,
    since: at === 0 ? undefined : sayTime(at),
    until: until === undefined ? 'somebody resumes it' : sayTime(until),
    'made by': clean(rule),
    why: clean(why),
  });
  return done(text, limit);
}

async function cancel({ limits, operate }: LimitContext, id: string): Promise<Result> {
  if (await limits.cancel(id, 'an operator')) return done(`Lifted: ${clean(id)}.`, { cancelled: id });
  const pauses = await operate.pauses();
  if (!pauses.some(({ name }) => name === id)) return unknown(id);
  const { changed } = await operate.resume(id);
  return done(`Resumed: ${clean(id)}; ${changed} deliveries go on.`, { cancelled: id, changed });
}

function unknown(id: string): Result {
  return failed(`There is no limit ${clean(id)}; "postino limit list" shows all.`);
}
