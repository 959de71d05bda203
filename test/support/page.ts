// A running HTTP server for tests, with a sandbox in memory and a way to log in.
import { makeAuthenticate } from '../../src/api/authenticate.ts';
import type { Endpoint } from '../../src/api/endpoint.ts';
import { mountAll } from '../../src/api/mount.ts';
import { makeBuckets } from '../../src/api/rates.ts';
import { sandboxEndpoints } from '../../src/api/sandbox.ts';
import { sessionEndpoints } from '../../src/api/session.ts';
import type { Route } from '../../src/http/exchange.ts';
import { makeReader } from '../../src/http/reader.ts';
import type { Settings } from '../../src/model/settings.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';
import { makeGate } from '../../src/http/gate.ts';
import { makeHttp, type HttpDeps } from '../../src/http/server.ts';
import { makeSessions, type Sessions, type SessionStore } from '../../src/http/session.ts';
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
    renew: (id, text) => Promise.resolve(void (kept.has(id) && kept.set(id, text))),
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

const absent = (): Promise<never> => Promise.reject(new Error('this page has none of that'));

/** Log-in and the sandbox, as the API serves them, for the one member there is. */
function apiOf(
  sandbox: Sandbox,
  { sessions, clock }: Readonly<{ sessions: Sessions; clock: Clock }>,
): readonly Route[] {
  const settingsNow = (): Settings => ({
    revision: 1,
    users: new Map(),
    domains: new Map(),
    pools: new Map(),
    transports: new Map(),
    templates: new Map(),
    suppressing: new Set(),
  });
  const keys = {
    make: absent,
    find: () => Promise.resolve(undefined),
    list: absent,
    get: absent,
    remove: absent,
  };
  const context = {
    sandbox,
    reader: makeReader(clock),
    settingsNow,
    settings: { refresh: () => Promise.resolve(settingsNow()) },
    members: { get: memberOf, list: absent, add: absent, change: absent, remove: absent },
    sessions,
    gate: makeGate((password, name) => Promise.resolve(name === admin.name && password === PASSWORD), clock),
    hashPassword: absent,
    config: {},
    clock,
    log: silentLog,
  };
  const endpoints: readonly Endpoint<typeof context>[] = [...sessionEndpoints, ...sandboxEndpoints];
  return mountAll(endpoints, {
    context,
    authenticate: makeAuthenticate({ keys, sessions, settingsNow, clock }),
    requests: makeBuckets({ rate: { count: 1000, perMs: 1000 }, burst: 1000 }, clock),
    once: (_, __, work) => work(),
    log: silentLog,
  });
}

const memberOf = (name: string): Promise<Member | undefined> =>
  Promise.resolve(name === admin.name ? admin : undefined);

/** Starts the server on a free port of loopback. */
export async function startPage(more: Partial<HttpDeps> = {}, clock: Clock = systemClock): Promise<TestPage> {
  const sandbox = memorySandbox();
  const sessions = makeSessions({ store: memorySessions(), memberOf, clock });
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
    sessions,
    api: apiOf(sandbox, { sessions, clock }),
    isTrackingHost: (host) => host === 'click.shop.example',
    ...more,
  });
  const listening = await http.listen();
  if (!listening.ok) throw new Error(listening.problem);
  return { url: `http://127.0.0.1:${listening.port}`, sandbox, stop: () => http.close() };
}
