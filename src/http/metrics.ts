// Figures for Prometheus; the only file that imports prom-client.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { makeHealthGauges, type HealthFigures } from './health-metrics.ts';

/** What the program knows when it is asked. */
export type Figures = Readonly<{
  /** Events since this process started, by type (accepted, delivered, deferred, bounced …), class and transport. */
  events: readonly Readonly<{ type: string; class: string; transport: string; count: number }>[];
  /** Deliveries that have not ended, by transport and state (waiting, parked, sending, paused). */
  queue: readonly Readonly<{ transport: string; state: string; count: number }>[];
  /** Open connections: `side` is "in" or "out". */
  connections: readonly Readonly<{ side: string; name: string; count: number }>[];
  /** Bytes of messages that are being received. */
  bytesInFlight: number;
  redis: 'ready' | 'away';
  /** Events that wait in Redis for the disk. */
  eventsWaiting: number;
  /** Opens and clicks since this process started: in memory still, not taken for want of room, and for being too many of one letter. */
  hits: Readonly<{ waiting: number; lost: number; flooded: number }>;
  /** Of transports and senders. */
  health: HealthFigures;
}>;

export type Metrics = Readonly<{
  /** Content-Type of the text. */
  type: string;
  text(): Promise<string>;
}>;

/** Makes the registry. `collect` is called at each scrape; when it throws, the process' own figures still come. */
export function makeMetrics(collect: () => Promise<Figures>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
    new Counter({ name: `postino_${name}_total`, help, labelNames: [...labelNames], registers });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
    new Gauge({ name: `postino_${name}`, help, labelNames: [...labelNames], registers });
  const events = counter(
    'events',
    'Events since this process started, by type, bounce class and transport.',
    ['type', 'class', 'transport'],
  );
  const queue = gauge('queue_deliveries', 'Deliveries that have not ended.', ['transport', 'state']);
  const connections = gauge('connections', 'Open SMTP connections.', ['side', 'name']);
  const bytes = gauge('bytes_in_flight', 'Bytes of messages that are being received.', []);
  const redis = gauge('redis_up', '1 when Redis answers, else 0.', []);
  const waiting = gauge('events_waiting', 'Events that wait in Redis for the disk.', []);
  const hitsWaiting = gauge('hits_waiting', 'Opens and clicks that wait in memory to be recorded.', []);
  const hitsLost = counter('hits_lost', 'Opens and clicks not recorded because too many waited.', []);
  const hitsFlooded = counter(
    'hits_flooded',
    'Opens and clicks not recorded because their letter had too many within the hour.',
    [],
  );
  const updateHealth = makeHealthGauges(gauge);
  const up = gauge('collect_up', '1 when the figures above could be collected, else 0.', []);

  const update = (figures: Figures): void => {
    events.reset();
    for (const { count, ...labels } of figures.events) events.inc(labels, count);
    queue.reset();
    for (const { count, ...labels } of figures.queue) queue.set(labels, count);
    connections.reset();
    for (const { count, ...labels } of figures.connections) connections.set(labels, count);
    bytes.set(figures.bytesInFlight);
    redis.set(figures.redis === 'ready' ? 1 : 0);
    waiting.set(figures.eventsWaiting);
    hitsWaiting.set(figures.hits.waiting);
    hitsLost.reset();
    hitsLost.inc(figures.hits.lost);
    hitsFlooded.reset();
    hitsFlooded.inc(figures.hits.flooded);
    updateHealth(figures.health);
  };

  return {
    type: registry.contentType,
    text: async () => {
      const figures = await collect().catch(() => undefined);
      up.set(figures ? 1 : 0);
      if (figures) update(figures);
      else redis.set(0);
      return registry.metrics();
    },
  };
}
