// postino limit …: what automation holds back just now, why, and until when; and lifting it.
import type { Clock } from '../lib/clock.ts';
import { sayDuration } from '../lib/duration.ts';
import { cancelLimit, findLimit, listLimits, type LimitVerbs } from '../verbs/limit.ts';
import { done, failed, sheet, table, type Command, type Result } from './command.ts';
import { clean, sayTime } from './timeline.ts';

export type LimitContext = LimitVerbs & Readonly<{ clock: Clock }>;

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

async function list(context: LimitContext): Promise<Result> {
  const shown = await listLimits(context);
  const now = context.clock.now();
  const rows = shown.map(({ id, does, until, why }) => [
    clean(id),
    does,
    until === undefined ? 'until resumed' : sayDuration(Math.max(0, until - now)),
    clean(why).slice(0, 80),
  ]);
  return done(table(['limit', 'does', 'for', 'why'], rows, 'Nothing is held back.'), {
    limits: shown,
  });
}

async function show(context: LimitContext, id: string): Promise<Result> {
  const limit = await findLimit(context, id);
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

async function cancel(context: LimitContext, id: string): Promise<Result> {
  const lifted = await cancelLimit(context, id);
  if (!lifted.ok) return unknown(id);
  const { changed } = lifted.value;
  if (changed === undefined) return done(`Lifted: ${clean(id)}.`, { cancelled: id });
  return done(`Resumed: ${clean(id)}; ${changed} deliveries go on.`, { cancelled: id, changed });
}

function unknown(id: string): Result {
  return failed(`There is no limit ${clean(id)}; "postino limit list" shows all.`);
}
