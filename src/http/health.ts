// Health: alive, ready, and figures, for orchestrators and monitors.
import type { Clock } from '../lib/clock.ts';
import { json, type Route } from './exchange.ts';
import type { Metrics } from './metrics.ts';

/** One thing that must work before mail is taken or sent. `sentence` says how it is, and what to do when it is not. */
export type Check = Readonly<{ name: string; ok: boolean; sentence: string }>;

export type HealthDeps = Readonly<{
  checks(): Promise<readonly Check[]>;
  metrics: Metrics;
  clock: Clock;
}>;

const CHECKS_MS = 3000;

/** /healthz says that the process is alive; /readyz that it can do its work. */
export function healthRoutes({ checks, metrics, clock }: HealthDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      access: 'open',
      handle: () => Promise.resolve(json({ status: 'alive' })),
    },
    {
      method: 'GET',
      path: '/readyz',
      access: 'open',
      handle: async () => {
        const all = await inTime(checks, clock);
        const ready = all.every((check) => check.ok);
        return json({ status: ready ? 'ready' : 'not ready', checks: all }, ready ? 200 : 503);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'metrics',
      handle: async () => ({ status: 200, type: metrics.type, body: await metrics.text() }),
    },
  ];
}

async function inTime(checks: HealthDeps['checks'], clock: Clock): Promise<readonly Check[]> {
  const done = new AbortController();
  const late = clock
    .sleep(CHECKS_MS, done.signal)
    .then(() => failed(`The checks took longer than ${CHECKS_MS / 1000} s.`));
  const all = checks().catch((error: unknown) => failed(`The checks failed: ${String(error)}.`));
  return Promise.race([all, late]).finally(() => done.abort());
}

function failed(sentence: string): readonly Check[] {
  return [{ name: 'checks', ok: false, sentence }];
}
