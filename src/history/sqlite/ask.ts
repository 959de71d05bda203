// A thread of the history, from outside: started when it is first asked, and again after it died.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { HistoryProblem } from '../problem.ts';
import { isAnswered, type Call, type Calls, type Start } from './calls.ts';

export type Thread = Readonly<{
  /** Rejects with a HistoryProblem. */
  ask<Name extends keyof Calls>(
    call: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<ReturnType<Calls[Name]>>;
  close(): Promise<void>;
}>;

type Waiting = Readonly<{ resolve(value: unknown): void; reject(error: Error): void }>;
type Running = Readonly<{ worker: Worker; port: MessagePort; waiting: Map<number, Waiting> }>;

// The file has another ending once it is compiled.
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

export function makeThread(start: Omit<Start, 'port'>): Thread {
  let running: Running | undefined;
  let next = 1;
  const begin = (): Running => {
    const begun = startWorker(start, () => {
      if (running === begun) running = undefined;
    });
    return begun;
  };
  const send = (message: Call): Promise<unknown> =>
    new Promise((resolve, reject) => {
      running ??= begin();
      const { worker, port, waiting } = running;
      const number = next++;
      waiting.set(number, { resolve, reject });
      // Only work under way keeps the process alive.
      worker.ref();
      port.ref();
      port.postMessage({ number, ...message });
    });
  return {
    ask: async <Name extends keyof Calls>(call: Name, ...args: Parameters<Calls[Name]>) => {
      const value = await send(asCall(call, args));
      if (isAnswerTo(call, value)) return value;
      throw new HistoryProblem('The history gave no answer.');
    },
    close: async () => {
      if (!running) return;
      const { worker } = running;
      await send({ call: 'close', args: [] }).catch(() => undefined);
      await worker.terminate();
    },
  };
}

function startWorker(start: Omit<Start, 'port'>, ended: () => void): Running {
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(threadFile, {
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

// We are both sides: an answer is of the call's kind.
function isAnswerTo<Name extends keyof Calls>(
  call: Name,
  _value: unknown,
): _value is ReturnType<Calls[Name]> {
  return call.length > 0;
}

function asCall<Name extends keyof Calls>(call: Name, args: Parameters<Calls[Name]>): Call {
  const message = { call, args };
  if (isCall(message)) return message;
  throw new TypeError(`"${call}" is no call`);
}

function isCall(message: object): message is Call {
  return 'call' in message && 'args' in message;
}
