// The hook behind the search: asks several questions at once and shows what they find as one list, newest first.
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, type Problem, type Query } from './api.ts';
import type { AskedPages, Page } from './ask.ts';
import { everyWhileSeen } from './time.ts';
import type { DeliveryRow } from './types.ts';

/** What one question has found so far; `next` is there while it may find more. */
type Part = Readonly<{ question: Query; rows: readonly DeliveryRow[]; next: string | undefined }>;
type State = Readonly<{
  key: string;
  parts: readonly Part[] | undefined;
  problem: Problem | undefined;
  busy: boolean;
}>;

const PAGE = 50;

export function useFound(questions: readonly Query[], everyMs: number): AskedPages<DeliveryRow> {
  const key = JSON.stringify(questions);
  const [state, setState] = useState<State>({ key, parts: undefined, problem: undefined, busy: true });
  const [round, setRound] = useState(0);
  const latest = useRef(key);
  latest.current = key;

  useEffect(() => {
    const stop = new AbortController();
    setState((last) => ({
      key,
      parts: last.key === key ? last.parts : undefined,
      problem: undefined,
      busy: true,
    }));
    void askAll(
      questions.map((question) => ({ question, rows: [], next: undefined })),
      stop.signal,
    ).then(({ parts, problem }) => {
      if (!stop.signal.aborted) setState({ key, parts, problem, busy: false });
    });
    return () => stop.abort();
  }, [key, round]);
  useEffect(() => {
    const again = (): void => setRound((last) => last + 1);
    return everyWhileSeen(everyMs, again);
  }, [everyMs]);

  const { parts, problem, busy } =
    state.key === key ? state : { parts: undefined, problem: undefined, busy: true };
  const hasMore = parts?.some(({ next }) => next !== undefined) ?? false;
  const more = async (): Promise<void> => {
    if (!parts || busy) return;
    setState((last) => ({ ...last, busy: true }));
    const grown = await askAll(parts);
    if (latest.current === key) setState({ key, ...grown, busy: false });
  };
  return {
    items: parts && together(parts),
    problem,
    busy,
    more: hasMore ? () => void more() : undefined,
    again: () => setRound((last) => last + 1),
    change: () => undefined,
  };
}

/** The next page of every question that may have one; the first of those that were not asked yet. */
async function askAll(
  parts: readonly Part[],
  signal?: AbortSignal,
): Promise<Readonly<{ parts: readonly Part[]; problem: Problem | undefined }>> {
  let problem: Problem | undefined;
  const grown = await Promise.all(
    parts.map(async (part) => {
      if (part.rows.length > 0 && part.next === undefined) return part;
      const query = { limit: PAGE, ...part.question, cursor: part.next };
      const answer = await get<Page<DeliveryRow>>('messages', query, signal);
      if (answer.ok) return { ...part, rows: [...part.rows, ...answer.value.items], next: answer.value.next };
      problem = answer.problem;
      return part;
    }),
  );
  return { parts: grown, problem };
}

/** One list, each delivery once. What is older than a question's last row waits, as that question may find something newer. */
function together(parts: readonly Part[]): readonly DeliveryRow[] {
  const open = parts.filter(({ next }) => next !== undefined);
  const from = Math.max(0, ...open.map(({ rows }) => rows.at(-1)?.at ?? 0));
  const all = new Map(parts.flatMap(({ rows }) => rows).map((row) => [row.delivery, row]));
  return [...all.values()].filter(({ at }) => at >= from).sort((a, b) => b.at - a.at);
}
