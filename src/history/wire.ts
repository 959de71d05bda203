// A thread of the history, from outside: started when it is first asked, and again after it died.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { HistoryProblem } from './problem.ts';

export type Wire = Readonly<{
  /** What the thread answers; rejects with a HistoryProblem. */
  ask(call: string, args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}>;

/** What a thread says to the question of that number. */
export type Answered = Readonly<{ number: number }> &
  (Readonly<{ value: unknown }> | Readonly<{ problem: string }>);

type Waiting = Readonly<{ resolve(value: unknown): void; reject(error: Error): void }>;
type Running = Readonly<{ worker: Worker; port: MessagePort; waiting: Map<number, Waiting> }>;

/** The inside of a thread, "thread" beside the module at `url`; it has another ending once all is compiled. */
export function threadBeside(url: string): URL {
  return new URL(url.endsWith('.ts') ? './thread.ts' : './thread.js', url);
}

/** `file`: the thread's inside; it is told `start` and a port, where questions come in as { number, call, args }. */
export function makeWire(file: URL, start: object): Wire {
  let running: Running | undefined;
  let next = 1;
  const begin = (): Running => {
    const begun = startWorker(file, start, () => {
      if (running === begun) running = undefined;
    });
    return begun;
  };
  const ask = (call: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      running ??= begin();
      const { worker, port, waiting } = running;
      const number = next++;
      waiting.set(number, { resolve, reject });
      // Only work under way keeps the process alive.
      worker.ref();
      port.ref();
      port.postMessage({ number, call, args });
    });
  return {
    ask,
    close: async () => {
      if (!running) return;
      const { worker } = running;
      await ask('close', []).catch(() => undefined);
      await worker.terminate();
    },
  };
}

function startWorker(file: URL, start: object, ended: () => void): Running {
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(file, {
    workerData: { ...start, port: port2 },
    transferList: [port2],
    execArgv: [],
    env: {},
  });
  const waiting = new Map<number, Waiting>();
  port.on('message', (message: unknown) => {
    if (!isAnswered(message)) return;
    const asked = waiting.get(message.number);
    waiting.delete(message.number);
    if (waiting.size === 0) {
      worker.unref();
      port.unref();
    }
    if ('problem' in message) asked?.reject(new HistoryProblem(message.problem));
    else asked?.resolve(message.value);
  });
  const end = (why: string): void => {
    ended();
    port.close();
    for (const { reject } of waiting.values()) reject(new HistoryProblem(why));
    waiting.clear();
  };
  worker.once('error', (error) => end(`The history's thread ended. (${String(error)})`));
  worker.once('exit', () => end("The history's thread ended."));
  return { worker, port, waiting };
}

// It was made by ourselves, in another thread: only its kind is asked, a schema would be slow to load.
function isAnswered(value: unknown): value is Answered {
  return (
    typeof value === 'object' &&
    value !== null &&
    'number' in value &&
    ('value' in value || 'problem' in value)
  );
}
