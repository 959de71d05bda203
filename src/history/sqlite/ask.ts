// The threads of the history in SQLite, from outside.
import { HistoryProblem } from '../problem.ts';
import { makeWire, threadBeside } from '../wire.ts';
import type { Calls, Start } from './calls.ts';

export type Thread = Readonly<{
  /** Rejects with a HistoryProblem. */
  ask<Name extends keyof Calls>(
    call: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<ReturnType<Calls[Name]>>;
  close(): Promise<void>;
}>;

export function makeThread(start: Omit<Start, 'port'>): Thread {
  const wire = makeWire(threadBeside(import.meta.url), start);
  return {
    ask: async <Name extends keyof Calls>(call: Name, ...args: Parameters<Calls[Name]>) => {
      const value = await wire.ask(call, args);
      if (isAnswerTo(call, value)) return value;
      throw new HistoryProblem('The history gave no answer.');
    },
    close: () => wire.close(),
  };
}

// We are both sides: an answer is of the call's kind.
function isAnswerTo<Name extends keyof Calls>(
  call: Name,
  _value: unknown,
): _value is ReturnType<Calls[Name]> {
  return call.length > 0;
}
