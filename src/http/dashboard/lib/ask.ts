// Hooks that ask the API for a component: one value, or pages of a list; asked again every so often where it is live.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { address, get, type Problem, type Query } from './api.ts';
import { everyWhileSeen } from './time.ts';

export type Asked<T> = Readonly<{
  /** The last value that came; it stays while a newer one is asked for. */
  value: T | undefined;
  problem: Problem | undefined;
  busy: boolean;
  again(): void;
  /** Puts a value in place before the server says so. */
  set(value: T): void;
}>;

type State<T> = { for: string; value: T | undefined; problem: Problem | undefined; busy: boolean };
const fresh = <T>(key: string): State<T> => ({ for: key, value: undefined, problem: undefined, busy: true });

/** Asks for `path`; undefined asks for nothing yet. `everyMs` asks again and again while the page is seen. */
export function useAsk<T>(path: string | undefined, query: Query = {}, everyMs = 0): Asked<T> {
  const key = path === undefined ? '' : address(path, query);
  const [state, setState] = useState<State<T>>(fresh(key));
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((last) => last + 1), []);

  useEffect(() => {
    if (key === '') return undefined;
    const stop = new AbortController();
    setState((last) => (last.for === key ? { ...last, busy: true } : fresh(key)));
    void get<T>(key, {}, stop.signal).then((answer) => {
      if (stop.signal.aborted) return;
      setState((last) =>
        answer.ok
          ? { for: key, value: answer.value, problem: undefined, busy: false }
          : { ...last, problem: answer.problem, busy: false },
      );
    });
    return () => stop.abort();
  }, [key, round]);

  useEffect(() => (everyMs > 0 ? everyWhileSeen(everyMs, again) : undefined), [everyMs, again]);

  const current = state.for === key ? state : fresh<T>(key);
  const set = useCallback(
    (value: T) => setState({ for: key, value, problem: undefined, busy: false }),
    [key],
  );
  return { value: current.value, problem: current.problem, busy: current.busy, again, set };
}

export type Page<T> = Readonly<{ items: readonly T[]; next?: string }>;

export type AskedPages<T> = Readonly<{
  items: readonly T[] | undefined;
  problem: Problem | undefined;
  busy: boolean;
  /** Asks for the next page; undefined when there is none. */
  more: (() => void) | undefined;
  again(): void;
  /** Changes what is shown, before the server says so. */
  change(change: (items: readonly T[]) => readonly T[]): void;
}>;

type Pages<T> = Readonly<{ items: readonly T[]; next: string | undefined; started: boolean }>;
const none: Pages<never> = { items: [], next: undefined, started: false };

/** A list by cursors: the first page is asked for (again every `everyMs`), further ones when somebody wants them. */
export function usePages<T>(path: string | undefined, query: Query = {}, everyMs = 0): AskedPages<T> {
  const first = useAsk<Page<T>>(path, query, everyMs);
  const [older, setOlder] = useState<Pages<T>>(none);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const key = address(path ?? '/', query);
  const shownFor = useRef(key);
  if (shownFor.current !== key) {
    shownFor.current = key;
    setOlder(none);
  }

  const next = older.started ? older.next : first.value?.next;
  const askMore = async (): Promise<void> => {
    if (path === undefined || next === undefined || asking) return;
    setAsking(true);
    const answer = await get<Page<T>>(path, { ...query, cursor: next });
    setAsking(false);
    if (shownFor.current !== key) return;
    if (!answer.ok) return setProblem(answer.problem);
    const { items, next: after } = answer.value;
    setOlder((last) => ({ items: [...last.items, ...items], next: after, started: true }));
  };
  return {
    items: first.value ? [...first.value.items, ...older.items] : undefined,
    problem: first.problem ?? problem,
    busy: first.busy || asking,
    more: next === undefined ? undefined : () => void askMore(),
    again: () => {
      setOlder(none);
      first.again();
    },
    change: (change) => {
      if (first.value) first.set({ ...first.value, items: change(first.value.items) });
      setOlder((last) => ({ ...last, items: change(last.items) }));
    },
  };
}
