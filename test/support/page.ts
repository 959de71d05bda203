// A running HTTP server for tests, with a sandbox in memory and a way to log in.
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { makeGate } from '../../src/http/gate.ts';
import { makeHttp, type HttpDeps } from '../../src/http/server.ts';
import { makeSessions, type SessionStore } from '../../src/http/session.ts';
import type { Member } from '../../src/model/access.ts';
import type { CaughtEntry, Sandbox } from '../../src/http/inbox.ts';

export const PASSWORD = 'correct horse';

/** The world behind the page: what the sandbox caught, newest first. */
export function memorySandbox(): Sandbox & {
  add(raw: string | Buffer, entry?: Partial<CaughtEntry>): string;
} {
  let caught: { summary: CaughtEntry; raw: Buffer }[] = [];
  let last = 0;
  return {
    add: (content, entry = {}) => {
      const raw = Buffer.from(content);
      const id = entry.id ?? `M${++last}-1`;
      const at = Date.now() - 1000;
      const summary = { id, at, from: 'shop@shop.example', to: 'ann@example.net', subject: '', user: 'shop' };
      caught.unshift({ summary: { ...summary, size: raw.length, ...entry, id }, raw });
      return id;
    },
    list: (offset, count) =>
      Promise.resolve({
        total: caught.length,
        messages: caught.slice(offset, offset + count).map(({ summary }) => summary),
      }),
    get: (id) => Promise.resolve(caught.find(({ summary }) => summary.id === id)),
    remove: (id) => {
      const before = caught.length;
      caught = caught.filter(({ summary }) => summary.id !== id);
      return Promise.resolve(caught.length < before);
    },
    clear: () => {
      caught = [];
      return Promise.resolve();
    },
  };
}

/** Where sessions are kept; how long they live is the sessions' own business as well. */
export function memorySessions(): SessionStore {
  const kept = new Map<string, string>();
  return {
    put: (id, text) => Promise.resolve(void kept.set(id, text)),
    use: (id) => Promise.resolve(kept.get(id)),
    drop: (id) => Promise.resolve(void kept.delete(id)),
  };
}

/** The only member there is. */
export const admin: Member = {
  v: 1,
  name: 'admin',
  account: 'default',
  role: 'admin',
  passwordHash: '',
  disabled: false,
  madeAt: 0,
  sessionsFrom: 0,
};

export type TestPage = Readonly<{
  url: string;
  sandbox: ReturnType<typeof memorySandbox>;
  stop(): Promise<void>;
}>;

/** Starts the server on a free port of loopback. */
export async function startPage(more: Partial<HttpDeps> = {}, clock: Clock = systemClock): Promise<TestPage> {
  const sandbox = memorySandbox();
  const memberOf = (name: string): Promise<Member | undefined> =>
    Promise.resolve(name === admin.name ? admin : undefined);
  const http = makeHttp({
    config: { host: '127.0.0.1', port: 0 },
    clock,
    log: silentLog,
    checks: () => Promise.resolve([{ name: 'redis', ok: true, sentence: 'Redis answers.' }]),
    figures: () =>
      Promise.resolve({
        events: [{ type: 'delivered', class: '', transport: 'ip1', count: 3 }],
        queue: [{ transport: 'ip1', state: 'waiting', count: 7 }],
        connections: [{ side: 'in', name: '2525', count: 2 }],
        bytesInFlight: 0,
        redis: 'ready',
        eventsWaiting: 0,
        hits: { waiting: 5, lost: 2, flooded: 1 },
        health: {
          states: [{ transport: 'ip1', state: 'degraded' }],
          listings: [{ transport: 'ip1', address: '192.0.2.1', list: 'Some list', listed: true }],
          replies: [{ transport: 'ip1', provider: 'yahoo', kind: 'blocked', count: 12, share: 0.25 }],
          senders: [{ user: 'shop', state: 'warned' }],
          limits: [{ scope: 'lane', rule: 'yahoo-tss', action: 'suspend', count: 3 }],
          learnt: [{ transport: 'ip1', provider: 'others', learnt: 'closed', count: 2 }],
        },
      }),
    sessions: makeSessions({ store: memorySessions(), memberOf, clock }),
    gate: makeGate((password, name) => Promise.resolve(name === admin.name && password === PASSWORD), clock),
    memberOf,
    sandbox,
    connectInfo: () =>
      Promise.resolve({
        host: 'localhost',
        listeners: [
          { port: 2525, tls: 'starttls' },
          { port: 2465, tls: 'implicit' },
        ],
        users: [{ name: 'shop', from: 'shop@localhost.example' }],
        passwords: 'in the file data/first-run',
        sandboxed: true,
      }),
    queueState: () => Promise.resolve([{ transport: 'sandbox', waiting: 2, sending: 1, paused: 0 }]),
    isTrackingHost: (host) => host === 'click.shop.example',
    ...more,
  });
  const listening = await http.listen();
  if (!listening.ok) throw new Error(listening.problem);
  return { url: `http://127.0.0.1:${listening.port}`, sandbox, stop: () => http.close() };
}
