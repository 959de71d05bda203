// What holds mail back just now, by automation and by pauses; and lifting it.
import type { Operate } from '../backlog/operate.ts';
import type { Pause } from '../backlog/pauses.ts';
import { sayEffect, type Limit } from '../deliver/shaping/limit.ts';
import type { Limits } from '../deliver/shaping/limits.ts';
import { did, refused, type Did } from './did.ts';

export type LimitVerbs = Readonly<{
  limits: Pick<Limits, 'refresh' | 'list' | 'cancel'>;
  operate: Pick<Operate, 'pauses' | 'resume'>;
}>;

/** Anything that holds mail back, as people see it. `until` undefined: somebody resumes it. */
export type ShownLimit = Readonly<{
  id: string;
  scope: string;
  key: string;
  does: string;
  until: number | undefined;
  rule: string;
  why: string;
  at: number;
}>;

export async function listLimits({ limits, operate }: LimitVerbs): Promise<readonly ShownLimit[]> {
  await limits.refresh();
  const pauses = await operate.pauses();
  return [...limits.list().map(showLimit), ...pauses.map(showPause)].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export async function findLimit(verbs: LimitVerbs, id: string): Promise<ShownLimit | undefined> {
  return (await listLimits(verbs)).find((one) => one.id === id);
}

/** Lifts one before its time; automation may set it again. Of a pause it says how many deliveries go on. */
export async function cancelLimit(
  { limits, operate }: LimitVerbs,
  id: string,
): Promise<Did<Readonly<{ changed?: number }>>> {
  if (await limits.cancel(id, 'an operator')) return did({});
  const pauses = await operate.pauses();
  if (!pauses.some(({ name }) => name === id)) return refused('missing', `There is no limit ${id}.`);
  const { changed } = await operate.resume(id);
  return did({ changed });
}

function showLimit(limit: Limit): ShownLimit {
  const { id, scope, key, until, rule, why, at } = limit;
  return { id, scope, key, does: sayEffect(limit), until, rule, why, at };
}

function showPause({ name, by, reason, until, at }: Pause): ShownLimit {
  const [scope = '', ...rest] = name.split(':');
  return { id: name, scope, key: rest.join(':'), does: 'paused', until, rule: by, why: reason ?? '', at };
}
