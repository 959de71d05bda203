// How far a webhook is: its cursor, what is being sent, how long it fails; kept in Redis. Pure.
import type { EpochMs } from '../lib/clock.ts';

export type State = Readonly<{
  /** All up to here was sent, or is not for it. Text as the event log has it. */
  cursor: string;
  /** What is being sent ends here: it is the same batch when it is sent again. */
  until: string | undefined;
  /** Messages of this batch that were taken already. */
  acked: readonly string[];
  /** When the oldest event came that waits to be sent, as far as is known. */
  waiting: EpochMs | undefined;
  /** Since when it fails, how often in a row, when it is tried again, and what the matter was. */
  since: EpochMs | undefined;
  tries: number;
  tryAt: EpochMs;
  problem: string | undefined;
  /** Since when it waits for a person. */
  parked: EpochMs | undefined;
  /** Somebody was told that it fails. */
  told: boolean;
  /** Events that it took, requests, and the last time that one was taken. */
  sent: number;
  posts: number;
  lastAt: EpochMs | undefined;
}>;

/** Names and values to write; undefined removes. */
export type Changes = Readonly<Partial<Record<keyof State, string | number | undefined>>>;

/** What is written when somebody lets it go on: it is as if it had never failed. */
export const AFRESH: Changes = {
  since: undefined,
  tries: undefined,
  tryAt: undefined,
  problem: undefined,
  parked: undefined,
  told: undefined,
};

export function readState(hash: ReadonlyMap<string, string>): State {
  const number = (name: string): number | undefined => {
    const text = hash.get(name);
    return text === undefined ? undefined : Number(text);
  };
  return {
    cursor: hash.get('cursor') ?? '',
    until: hash.get('until'),
    acked: (hash.get('acked') ?? '').split(' ').filter((id) => id !== ''),
    waiting: number('waiting'),
    since: number('since'),
    tries: number('tries') ?? 0,
    tryAt: number('tryAt') ?? 0,
    problem: hash.get('problem'),
    parked: number('parked'),
    told: hash.has('told'),
    sent: number('sent') ?? 0,
    posts: number('posts') ?? 0,
    lastAt: number('lastAt'),
  };
}

/** The cursor before all that is published at `ms` or later, as text. */
export function cursorAt(ms: EpochMs): string {
  return `${Math.max(0, Math.floor(ms) - 1)}-999999999999999.0`;
}

/** When what a cursor points at was published. */
export function timeOfCursor(cursor: string): EpochMs {
  return Number(cursor.split('-')[0]);
}

export const conditions = ['off', 'parked', 'failing', 'behind', 'well'] as const;
export type Condition = (typeof conditions)[number];

/** An event that waits for longer means that the webhook is behind. */
const BEHIND_MS = 60_000;

/** What it is like now, in a word. */
export function conditionOf(enabled: boolean, state: State, now: EpochMs): Condition {
  if (!enabled) return 'off';
  if (state.parked !== undefined) return 'parked';
  if (state.since !== undefined) return 'failing';
  return lagOf(state, now) > BEHIND_MS ? 'behind' : 'well';
}

/** How long the oldest event that is to be sent waits, milliseconds. */
export function lagOf({ waiting }: Pick<State, 'waiting'>, now: EpochMs): number {
  return waiting === undefined ? 0 : Math.max(0, now - waiting);
}
