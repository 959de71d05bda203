// The workshop: fills in stored templates and inlines CSS in threads, where nothing can hang, grow or crash us.
import { z } from 'zod';
import type { Clock } from '../../lib/clock.ts';
import {
  MAX_SCOPE,
  MAX_SOURCE,
  partNames,
  parts,
  refuse,
  type CssTask,
  type LiquidJob,
  type LiquidTask,
  type Made,
  type Parts,
  type Refusal,
} from './jobs.ts';
import { makePool, type PoolSettings } from './pool.ts';
import type { Ending } from './seat.ts';

export type WorkshopSettings = Readonly<{
  clock: Clock;
  /** Threads for templates at most; one more inlines CSS. None is begun before there is work. */
  size?: number;
  /** Jobs of a kind that may wait for a thread. */
  maxWaiting?: number;
  /** How long a job may hold a thread. */
  liquidMs?: number;
  cssMs?: number;
  /** Heap of a thread for templates; the one for CSS, which builds a document, has twice as much. */
  heapMb?: number;
}>;

export type Workshop = Readonly<{
  /** All parts that the job has, or none. */
  render(job: LiquidJob): Promise<Made<Parts>>;
  /** The HTML with its CSS in style attributes too; `owner` takes turns with others. */
  inlineCss(html: string, owner?: string): Promise<Made<string>>;
  /** Ends all threads; what has not been done is refused as busy. */
  close(): Promise<void>;
}>;

const LIQUID_MS = 200;
const CSS_MS = 1000;
const START_MS = 10_000;
const IDLE_MS = 60_000;
const HEAP_MB = 64;
const WAITING = 500;

const FULL = refuse('busy', 'Too many templates wait to be filled in just now; try again in a moment.');
const CLOSED = refuse('busy', 'The relay is stopping; try again in a moment.');
const HTML = 'The HTML with its CSS';
const BROKEN = refuse(
  'busy',
  'The thread that fills in templates ended without an answer; try again in a moment.',
);

const refusalSchema = z.object({
  ok: z.literal(false),
  kind: z.enum(['wrong', 'slow', 'busy']),
  problem: z.string(),
});
const partsSchema = z.object({
  subject: z.string().optional(),
  html: z.string().optional(),
  text: z.string().optional(),
});
const madePartsSchema = z.union([z.object({ ok: z.literal(true), output: partsSchema }), refusalSchema]);
const madeHtmlSchema = z.union([z.object({ ok: z.literal(true), output: z.string() }), refusalSchema]);

/** Opens the workshop; its threads begin with its first jobs. */
export function makeWorkshop(settings: WorkshopSettings): Workshop {
  const {
    clock,
    size = 2,
    maxWaiting = WAITING,
    liquidMs = LIQUID_MS,
    cssMs = CSS_MS,
    heapMb = HEAP_MB,
  } = settings;
  const shared = { clock, maxWaiting, startMs: START_MS, idleMs: IDLE_MS };
  const liquid = makeBench(
    { ...shared, engine: 'liquid', size, heapMb, limitMs: liquidMs },
    madePartsSchema,
    (step) => {
      const part = parts[step];
      return part ? partNames[part] : 'The template';
    },
  );
  const css = makeBench(
    { ...shared, engine: 'css', size: 1, heapMb: 2 * heapMb, limitMs: cssMs },
    madeHtmlSchema,
    () => HTML,
  );
  return {
    render: (job) => {
      const task = makeTask(job);
      return 'ok' in task ? Promise.resolve(task) : liquid.ask(ownerOf(job.key), task);
    },
    inlineCss: (html, owner = '') =>
      html.length > MAX_SOURCE
        ? Promise.resolve(tooLong(HTML, MAX_SOURCE))
        : css.ask(owner, { html } satisfies CssTask),
    close: async () => {
      await Promise.all([liquid.close(), css.close()]);
    },
  };
}

type Bench<T> = Readonly<{ ask(owner: string, task: unknown): Promise<T | Refusal>; close(): Promise<void> }>;

/** A pool whose endings are sentences. `nameOf`: what a job that was at this step is called. */
function makeBench<T>(
  settings: PoolSettings,
  schema: z.ZodType<T>,
  nameOf: (step: number) => string,
): Bench<T> {
  const pool = makePool(settings);
  const explain = (ending: Exclude<Ending, { ended: 'done' }>): Refusal => {
    const name = nameOf(ending.step);
    switch (ending.ended) {
      case 'slow':
        return refuse('slow', `${name} takes longer than ${settings.limitMs} ms; make it shorter.`);
      case 'memory':
        return refuse('wrong', `${name} needs more than ${settings.heapMb} MB of memory; make it shorter.`);
      case 'broken':
        return BROKEN;
    }
  };
  return {
    ask: async (owner, task) => {
      const ending = await pool.run(owner, task);
      if (ending === 'full') return FULL;
      if (ending === 'closed') return CLOSED;
      if (ending.ended !== 'done') return explain(ending);
      const answer = schema.safeParse(ending.answer);
      return answer.success ? answer.data : BROKEN;
    },
    close: pool.close,
  };
}

function makeTask({ key, now, scope, markup = [], ...job }: LiquidJob): LiquidTask | Refusal {
  const { subject, html, text } = job;
  const long = parts.find((part) => (job[part]?.length ?? 0) > MAX_SOURCE);
  if (long) return tooLong(partNames[long], MAX_SOURCE);
  let json: string;
  try {
    json = JSON.stringify(scope);
  } catch {
    return refuse('wrong', 'The values for the template are not what JSON can hold.');
  }
  if (json.length > MAX_SCOPE)
    return refuse('wrong', `The values for the template have more than ${MAX_SCOPE} characters as JSON.`);
  return { key, now, subject, html, text, scope: json, markup };
}

const ownerOf = (key: string): string => key.split('/', 1)[0] ?? '';

const tooLong = (name: string, max: number): Refusal =>
  refuse('wrong', `${name} has more than ${max} characters; make it shorter.`);
