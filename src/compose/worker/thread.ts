// The inside of a rendering thread: loads its engine, is confined, does one job after the other.
import { workerData } from 'node:worker_threads';
import { systemClock } from '../../lib/clock.ts';
import { closeWaysOut } from './confine.ts';
import type { CssTask, LiquidTask, Start } from './jobs.ts';

type Work = (task: unknown) => unknown;

/** Done once before the first job, so that its time is not spent on compiling. */
const WARM_UP =
  '<style>p, .x > b { color: red }</style><p class="x" style="a: b"><b>{% for i in a %}{{ i.b | plus: 1 }}{% endfor %}</b>';

async function loadEngine({ engine, step }: Start): Promise<Work> {
  switch (engine) {
    case 'liquid': {
      const { makeLiquid } = await import('./liquid.ts');
      const work = makeLiquid(systemClock, (part) => Atomics.store(step, 0, part));
      work({ key: '', now: 0, html: WARM_UP, scope: '{"a":[{"b":1}]}' });
      return (task) => (isLiquidTask(task) ? work(task) : undefined);
    }
    case 'css': {
      const { inlineTask } = await import('./inline.ts');
      inlineTask({ html: WARM_UP });
      return (task) => (isCssTask(task) ? inlineTask(task) : undefined);
    }
  }
}

// What comes in was made by ourselves, in another thread: only its kind is asked, a schema would be slow to load.
const has = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name);
const isStart = (value: unknown): value is Start =>
  has(value, 'engine') && has(value, 'port') && has(value, 'step');
const isLiquidTask = (value: unknown): value is LiquidTask => has(value, 'key') && has(value, 'scope');
const isCssTask = (value: unknown): value is CssTask => has(value, 'html');

if (isStart(workerData)) {
  const { port } = workerData;
  const work = await loadEngine(workerData);
  closeWaysOut();
  port.on('message', (task) => port.postMessage(work(task)));
  port.postMessage('ready');
}
