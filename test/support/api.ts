// A relay in the test's own process with its real http role, on a Redis of its own, and clients of its API with keys of any scopes.
import { scopes as allScopes, type MemberRole, type Scope } from '../../src/model/access.ts';
import type { RoleName } from '../../src/roles/role.ts';
import { startInside, type InsideRelay } from './inside-relay.ts';
import { expectDescribed } from './openapi.ts';
import { startRedis } from './redis.ts';

export const ADMIN_PASSWORD = 'admin-Secret-19';

/** An answer of the API: `json` is undefined where the body is none. */
export type Told = Readonly<{
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line no-explicit-any -- tests look into answers of every shape
  json: any;
}>;

export type Client = Readonly<{
  /** The whole key, or "" where it is a session's. */
  secret: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Told>;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Told>;
  put(path: string, body?: unknown): Promise<Told>;
  patch(path: string, body?: unknown): Promise<Told>;
  delete(path: string, body?: unknown): Promise<Told>;
  /** Any request; a body that is no text is sent as JSON. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Told>;
}>;

export type KeyOptions = Readonly<{ scopes?: readonly Scope[]; user?: string; account?: string }>;

export type TestApi = Readonly<{
  relay: InsideRelay;
  base: InsideRelay['base'];
  /** "http://127.0.0.1:…" */
  url: string;
  /** A client with a key; of every scope unless said otherwise. Paths are below /api/v1 unless they begin with "/api" or "/API". */
  client(options?: KeyOptions): Promise<Client>;
  /** A client that nobody knows. */
  stranger: Client;
  /** A client with a member's session and its token. */
  logIn(name?: string, password?: string): Promise<Client>;
  /** Makes a member of a role; its password is `ADMIN_PASSWORD`. */
  addMember(
    name: string,
    role: MemberRole,
    more?: Readonly<{ user?: string; account?: string }>,
  ): Promise<void>;
  close(): Promise<void>;
}>;

export type ApiOptions = Readonly<{
  /** Users, transports and the like. Without any: user shop of shop.example, user office of office.example, and the sandbox. */
  config?: Readonly<Record<string, unknown>>;
  roles?: readonly RoleName[];
  /** A DNS server that it asks; without one, there is none that answers. */
  dns?: string;
}>;

const plain = {
  domains: [{ name: 'shop.example' }, { name: 'office.example' }],
  transports: [{ name: 'box', kind: 'sandbox', pool: 'default' }],
  users: [
    { name: 'shop', password: 'shop-Secret-17', domains: ['shop.example'] },
    { name: 'office', password: 'office-Secret-18', domains: ['office.example'] },
  ],
};

/** Starts one: the http role alone, unless `roles` say otherwise. Mail that is sent waits until there is a delivery role. */
export async function startApi({
  config = plain,
  roles = ['http'],
  dns = '127.0.0.1:9',
}: ApiOptions = {}): Promise<TestApi> {
  const redis = await startRedis();
  const world = { dns: { server: dns }, mxPort: 9 };
  const relay = await startInside({ world: world as never, redis: redis.url, config, roles });
  const { base, running } = relay;
  const url = `http://127.0.0.1:${running.http?.port ?? 0}`;
  return {
    relay,
    base,
    url,
    client: async ({ scopes = allScopes, user, account = 'default' } = {}) => {
      const { secret } = await base.apiKeys.make({ name: 'test', by: 'test', account, scopes, user });
      return clientOf(url, { authorization: `Bearer ${secret}` }, secret);
    },
    stranger: clientOf(url, {}),
    logIn: async (name = 'admin', password = ADMIN_PASSWORD) => {
      const answer = await clientOf(url, {}).post('/session', { name, password });
      const cookie = answer.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
      return clientOf(url, { cookie, 'x-csrf-token': answer.json?.token ?? '' });
    },
    addMember: async (name, role, { user, account = 'default' } = {}) => {
      const admin = await base.members.get('admin');
      const common = { v: 1, disabled: false, madeAt: 0, sessionsFrom: 0 } as const;
      const passwordHash = admin?.passwordHash ?? '';
      await base.members.add({ ...common, name, role, account, passwordHash, ...(user ? { user } : {}) });
    },
    close: async () => {
      await relay.close();
      await redis.stop();
    },
  };
}

function clientOf(url: string, own: Readonly<Record<string, string>>, secret = ''): Client {
  const send: Client['send'] = async (method, path, body, headers = {}) => {
    const whole = /^\/(?:api|API)\b/.test(path) ? path : `/api/v1${path}`;
    const isText = typeof body === 'string' || body instanceof Uint8Array;
    const type = body === undefined || isText ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(url + whole, {
      method,
      redirect: 'manual',
      headers: { ...type, ...own, ...headers },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    } as RequestInit);
    const text = await answer.text();
    const kind = answer.headers.get('content-type') ?? '';
    const json: unknown = /[/+]json\b/.test(kind) ? JSON.parse(text) : undefined;
    expectDescribed({ method, path: whole }, { status: answer.status, type: kind, json });
    return { status: answer.status, headers: answer.headers, text, json };
  };
  return {
    secret,
    send,
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body) => send('PUT', path, body),
    patch: (path, body) => send('PATCH', path, body),
    delete: (path, body) => send('DELETE', path, body),
  };
}
