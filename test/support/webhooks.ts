// For tests of webhooks: an event log on disk, receivers at real sockets, webhooks, and a clock that can be moved.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSpecial } from '../../src/deliver/networks.ts';
import { eventsConfig } from '../../src/events/config.ts';
import { compareCursors } from '../../src/events/cursor.ts';
import { cursorText, openEventLog, parseCursor } from '../../src/events/log.ts';
import { makeSegments } from '../../src/events/segments.ts';
import type { CallRules } from '../../src/lib/call-out.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Event } from '../../src/model/event.ts';
import type { Notice } from '../../src/model/notice.ts';
import { connectRedis, type RedisConnection } from '../../src/store/redis.ts';
import { makeSealer } from '../../src/store/seal.ts';
import { makeAppend } from '../../src/tracking/append.ts';
import type { FeedDeps } from '../../src/webhooks/feed.ts';
import type { ReadLog } from '../../src/webhooks/reader.ts';
import { sealSecret } from '../../src/webhooks/secrets.ts';
import { cursorAt } from '../../src/webhooks/state.ts';
import { openWebhooks, type WebhookStore } from '../../src/webhooks/store.ts';
import { webhookSchema, type Webhook } from '../../src/webhooks/webhook.ts';
import { randomPrefix } from './redis.ts';

export const SECRET = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
export const seals = makeSealer(Buffer.alloc(32, 7));

/** The system's clock, some time off. */
export type MovedClock = Clock & Readonly<{ move(ms: number): void }>;

export function movedClock(): MovedClock {
  let offset = 0;
  return { ...systemClock, now: () => Date.now() + offset, move: (ms) => void (offset += ms) };
}

export function readLogOf(folder: string): ReadLog {
  const events = openEventLog({ folder, clock: systemClock });
  return {
    follow: (after, signal) => events.follow(after, signal),
    compare: compareCursors,
    text: cursorText,
    parse: parseCursor,
  };
}

/** Loopback is allowed where webhooks of tests go to; all else is as it is. */
export const rules: CallRules = {
  plain: true,
  isForbidden: (address) => !address.startsWith('127.') && isSpecial(address),
  advice: '',
};

export type World = Readonly<{
  url: string;
  prefix: string;
  folder: string;
  redis: RedisConnection;
  store: WebhookStore;
  clock: MovedClock;
  notices: Notice[];
  deps: FeedDeps;
  publish(events: readonly Event[]): Promise<void>;
  add(wish: Partial<Webhook> & { url: string }): Promise<Webhook>;
  close(): Promise<void>;
}>;

export async function openWorld(url: string): Promise<World> {
  const prefix = randomPrefix();
  const root = mkdtempSync(join(tmpdir(), 'postino-hooks-'));
  const folder = join(root, 'events');
  const redis = connectRedis({ url, purpose: 'events', prefix, log: silentLog });
  const waiting = connectRedis({ url, purpose: 'events', prefix, log: silentLog });
  await Promise.all([redis.whenReady(), waiting.whenReady()]);
  const stop = new AbortController();
  const segments = makeSegments({
    redis: waiting,
    clock: systemClock,
    log: silentLog,
    config: eventsConfig.parse({}),
    folder,
    keys: { stream: `${prefix}events`, lease: `${prefix}lease:events` },
    owner: 'test',
  });
  const writing = segments.run(stop.signal);
  const clock = movedClock();
  const store = openWebhooks({ redis, prefix });
  const notices: Notice[] = [];
  const append = makeAppend(redis, `${prefix}events`);
  return {
    url,
    prefix,
    folder,
    redis,
    store,
    clock,
    notices,
    deps: {
      store,
      events: readLogOf(folder),
      seals,
      rules,
      clock,
      log: silentLog,
      tryForMs: 72 * 3_600_000,
      keptMs: 30 * 86_400_000,
      tell: (notice) => {
        notices.push(notice);
        return Promise.resolve();
      },
    },
    publish: async (events) => {
      const before = segments.state().written;
      await append(events);
      while (segments.state().written < before + events.length) await systemClock.sleep(10);
    },
    add: async (wish) => {
      const hook = hookOf(wish);
      await store.add(hook, cursorAt(0));
      return hook;
    },
    close: async () => {
      stop.abort();
      await writing;
      await Promise.all([redis.close(), waiting.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function hookOf({ url, ...wish }: Partial<Webhook> & { url: string }): Webhook {
  const id = wish.id ?? `wh_${newId(Date.now())}`;
  return webhookSchema.parse({
    v: 1,
    id,
    name: id.toLowerCase(),
    account: 'default',
    url,
    batchWait: 50,
    secrets: [{ sealed: sealSecret(seals, id, SECRET), since: 0 }],
    enabled: true,
    at: Date.now(),
    turn: 1,
    ...wish,
  });
}

let count = 0;

export function eventOf(more: Partial<Event> = {}): Event {
  const n = ++count;
  const type = more.type ?? 'delivered';
  const delivery = more.delivery ?? `01JD0000000000000000${String(n).padStart(6, '0')}.1`;
  return {
    v: 1,
    id: `${delivery}.${type}`,
    type,
    at: Date.now(),
    account: 'default',
    user: 'shop',
    submission: delivery.slice(0, 26),
    delivery,
    recipient: `r${n}@example.net`,
    sender: 'bounce@shop.example',
    headerFrom: 'news@shop.example',
    messageId: `<m${n}@shop.example>`,
    subject: 'Your order',
    ...more,
  };
}

export type Hit = Readonly<{
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  at: number;
}>;

export type Receiver = Readonly<{
  url: string;
  hits: Hit[];
  /** Answers from now on. */
  answer(how: (hit: Hit, response: ServerResponse) => void): void;
  /** Ids of events in requests of the standard shape that were answered by 2xx, in order, repeats included. */
  taken(): readonly string[];
  close(): void;
}>;

export async function openReceiver(port = 0): Promise<Receiver> {
  const hits: Hit[] = [];
  const good: Hit[] = [];
  let how: (hit: Hit, response: ServerResponse) => void = (_, response) => void response.end('ok');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const hit = {
        method,
        url,
        headers,
        body: Buffer.concat(chunks).toString('utf8'),
        at: performance.now(),
      };
      hits.push(hit);
      response.on('finish', () => {
        if (response.statusCode < 300) good.push(hit);
      });
      how(hit, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    hits,
    answer: (next) => void (how = next),
    taken: () =>
      good.flatMap(({ body }) =>
        (JSON.parse(body) as { data: { events: Event[] } }).data.events.map(({ id }) => id),
      ),
    close: () => server.close().closeAllConnections(),
  };
}
