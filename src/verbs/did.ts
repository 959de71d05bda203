// What comes of a verb: a value, or why nothing was done. Pure.
import type { Refusal as ShelfRefusal, Why as ShelfWhy } from '../store/shelf.ts';

/** used: others need it; idle: there is nothing to end; see the store's shelf for the rest. */
export type Why = ShelfWhy | 'used' | 'idle';

/** `problem` is a sentence for people; `hint` goes on after a ";" and is for the command line alone: it names commands. */
export type Refusal = Omit<ShelfRefusal, 'why'> & Readonly<{ why: Why }>;

export type Did<T> = Readonly<{ ok: true; value: T }> | Refusal;

export function did<T>(value: T): Did<T> {
  return { ok: true, value };
}

export function refused(why: Why, problem: string, hint?: string): Refusal {
  return { ok: false, why, problem, ...(hint === undefined ? {} : { hint }) };
}

/** There is nothing of that name; `list` is the command that shows what there is. */
export function noSuch(noun: string, name: string, list = `${noun} list`): Refusal {
  return refused('missing', `There is no ${noun} called ${name}.`, `"postino ${list}" shows them all.`);
}

/** Problem and hint in one sentence. */
export function sayRefusal({ problem, hint }: Pick<Refusal, 'problem' | 'hint'>): string {
  return hint === undefined ? problem : `${problem.replace(/\.$/, '')}; ${hint}`;
}

/** Entries in the order of their names. */
export function byName(a: Readonly<{ name: string }>, b: Readonly<{ name: string }>): number {
  return a.name < b.name ? -1 : 1;
}
