// One rendering thread: does a job at a time, and is ended when a job takes too long; never throws.
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import type { Clock } from '../../lib/clock.ts';
import type { Start } from './jobs.ts';

export type SeatSettings = Readonly<{
  engine: Start['engine'];
  /** For one job. */
  limitMs: number;
  /** For the thread to begin and to load its engine. */
  startMs: number;
  heapMb: number;
  clock: Clock;
}>;

/** What became of a job: the engine's answer, or the end of the thread; `step`: how far the job was, from 0, -1 at its beginning. */
export type Ending =
  | Readonly<{ ended: 'done'; answer: unknown }>
  | Readonly<{ ended: 'slow' | 'memory' | 'broken'; step: number }>;

type Job = { task: unknown; resolve: (ending: Ending) => void; cancel: () => void };

const YOUNG_MB = 16;
const NOT_BEGUN = -1;
const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';
// The file has another ending once it is compiled.
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

export class Seat {
  readonly #settings: SeatSettings;
  readonly #port: MessagePort;
  readonly #step = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  #ready = false;
  #ended = false;
  #job: Job | undefined;

  constructor(settings: SeatSettings) {
    const { port1, port2 } = new MessageChannel();
    const start: Start = { engine: settings.engine, port: port2, step: this.#step };
    this.#settings = settings;
    this.#port = port1;
    this.#worker = new Worker(threadFile, {
      workerData: start,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: settings.heapMb, maxYoungGenerationSizeMb: YOUNG_MB },
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
    });
    this.#port.on('message', (message) => this.#hear(message));
    this.#worker.once('error', (error) => {
      const outOfMemory = this.#ready && 'code' in error && error.code === OUT_OF_MEMORY;
      void this.#end(outOfMemory ? 'memory' : 'broken');
    });
    this.#worker.once('exit', () => void this.#end('broken'));
    // Only work under way keeps the process alive.
    this.#port.unref();
    this.#worker.unref();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** One job at a time; a seat that has ended does no more. */
  run(task: unknown): Promise<Ending> {
    return new Promise((resolve) => {
      if (this.#ended) return resolve({ ended: 'broken', step: NOT_BEGUN });
      this.#job = { task, resolve, cancel: () => undefined };
      this.#worker.ref();
      this.#port.ref();
      if (this.#ready) this.#begin();
      else this.#watch(this.#settings.startMs);
    });
  }

  end(): Promise<void> {
    return this.#end('broken');
  }

  #begin(): void {
    Atomics.store(this.#step, 0, NOT_BEGUN);
    this.#port.postMessage(this.#job?.task);
    this.#watch(this.#settings.limitMs);
  }

  #watch(ms: number): void {
    if (!this.#job) return;
    this.#job.cancel();
    this.#job.cancel = this.#settings.clock.after(ms, () => {
      // When it was this process that was busy, the answer may be here and not yet heard.
      const waiting = receiveMessageOnPort(this.#port);
      if (waiting) this.#hear(waiting.message);
      else void this.#end(this.#ready ? 'slow' : 'broken');
    });
  }

  #hear(message: unknown): void {
    if (this.#ready) return this.#finish({ ended: 'done', answer: message });
    this.#ready = true;
    if (this.#job) this.#begin();
  }

  #finish(ending: Ending): void {
    const job = this.#job;
    this.#job = undefined;
    this.#worker.unref();
    this.#port.unref();
    job?.cancel();
    job?.resolve(ending);
  }

  async #end(why: 'slow' | 'memory' | 'broken'): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#finish({ ended: why, step: Atomics.load(this.#step, 0) });
    this.#port.close();
    await this.#worker.terminate();
  }
}
