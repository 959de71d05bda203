// The HTTP server: limits, access, headers and errors around the routes; the only file that imports fastify.
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { HttpConfig } from './config.ts';
import { bodyRoom, FORM, MAX_BODY_BYTES, readBodies } from './bodies.ts';
import { problem, type Access, type Answer, type Ask, type Handle, type Route } from './exchange.ts';
import { dashboardRoutes } from './dashboard-files.ts';
import { healthRoutes, type Check } from './health.ts';
import { askRoutes } from './hits/ask.ts';
import { explainListen, type Listening } from './listening.ts';
import { makeMetrics, type Figures } from './metrics.ts';
import { isForwarded, isLoopback, securityHeaders } from './security.ts';
import type { Sessions } from './session.ts';

export type HttpDeps = Readonly<{
  config: HttpConfig;
  clock: Clock;
  log: Log;
  checks(): Promise<readonly Check[]>;
  figures(): Promise<Figures>;
  sessions: Sessions;
  /** True for host names that tracked links point to. */
  isTrackingHost(host: string): boolean;
  /** The API's, which knows everything that this folder does not. */
  api?: readonly Route[];
}>;

export type HttpServer = Readonly<{
  /** Binds the configured address; a port in use or forbidden is a problem in one sentence. */
  listen(): Promise<Listening>;
  /** Takes no more requests and ends the open ones. */
  close(): Promise<void>;
}>;

const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const KEEP_ALIVE_MS = 5000;
/** How exactly these are kept. */
const CHECK_MS = 2000;
const MAX_HEADER_BYTES = 16 * 1024;
/** An address of a recipient, each character escaped, and some more. */
const MAX_PARAM = 1000;
/** 500 viewers of events, and everybody else. */
const MAX_CONNECTIONS = 1000;

/** Makes the server; `listen` opens it. */
export function makeHttp(deps: HttpDeps): HttpServer {
  const { clock, log, config, sessions } = deps;
  const app = makeApp(log);
  const routes = [
    ...healthRoutes({ checks: deps.checks, metrics: makeMetrics(deps.figures), clock }),
    ...dashboardRoutes(),
    ...askRoutes(deps.isTrackingHost),
    ...(deps.api ?? []),
  ];
  const room = bodyRoom();
  for (const route of routes) mount(app, route, { sessions, room });
  return {
    listen: async () => {
      try {
        await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        return { ok: false, problem: explainListen('http', error, config) };
      }
      const bound = app.server.address();
      const { address, port } = typeof bound === 'object' && bound ? bound : { address: '', port: 0 };
      return { ok: true, host: address, port };
    },
    close: () => app.close(),
  };
}

function makeApp(log: Log): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: true,
    http: {
      headersTimeout: HEADERS_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: CHECK_MS,
    },
    routerOptions: { maxParamLength: MAX_PARAM },
    // An address that cannot be decoded reaches no route: it is told as everything is, under the same headers.
    frameworkErrors: (_error, _request, reply) => void send(reply, problem(400, ...UNREADABLE[400])),
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  readBodies(app);
  app.setNotFoundHandler((_, reply) =>
    send(reply, problem(404, 'Not found', 'There is nothing at this address.')),
  );
  app.setErrorHandler((error, _, reply) => {
    const status = statusOf(error);
    if (status < 500) return send(reply, problem(status, ...(UNREADABLE[status] ?? UNREADABLE[400])));
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'An HTTP request failed.');
    const detail = 'Something went wrong on our side; the log says what. Please try again.';
    return send(reply, problem(500, 'Internal error', detail));
  });
  return app;
}

/** What is wrong with a request that the library does not hand on. */
const UNREADABLE: Readonly<Record<400 | 415, Words> & Record<number, Words>> = {
  400: ['Bad request', 'The request cannot be read.'],
  413: ['Too large', 'The body is longer than this address takes.'],
  415: ['Unsupported media type', 'This address takes no such body; see its page in the documentation.'],
};

type Words = readonly [title: string, detail: string];

function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}

type Mounting = Readonly<{ sessions: Sessions; room: ReturnType<typeof bodyRoom> }>;

function mount(app: FastifyInstance, route: Route, { sessions, room }: Mounting): void {
  const admitted = new WeakMap<FastifyRequest, Handle>();
  const { maxBodyBytes = MAX_BODY_BYTES } = route;
  app.route({
    method: route.method,
    url: route.path,
    bodyLimit: maxBodyBytes,
    onRequest: async (request, reply) => {
      const ask = readAsk(request);
      const next =
        (await refuse(route.access, ask, sessions)) ??
        ('handle' in route ? route.handle : await route.admit(ask));
      if (typeof next !== 'function') return send(reply, next);
      if (route.bodies !== 'any' && ask.type !== '' && ask.type !== FORM)
        return send(reply, problem(415, ...UNREADABLE[415]));
      if (!room(request, reply.raw, maxBodyBytes)) return send(reply, busy);
      admitted.set(request, next);
      return undefined;
    },
    handler: async (request, reply) => {
      const handle = admitted.get(request);
      if (!handle) throw new Error('a request was handled that nobody had admitted');
      return send(reply, await handle(readAsk(request)));
    },
  });
}

const busy: Answer = {
  ...problem(503, 'Busy', 'Too many large requests are under way just now; please try again in a moment.'),
  headers: { 'retry-after': '2' },
};

/** Why the request may not; undefined when it may. */
async function refuse(access: Access, ask: Ask, sessions: Sessions): Promise<Answer | undefined> {
  if (access === 'open') return undefined;
  // Figures hold no secrets: a monitor on this host reads them without the password, nobody else does.
  if (isLoopback(ask.peer) && !isForwarded(ask)) return undefined;
  const session = await sessions.find(ask);
  // They tell of the whole installation.
  if (session && session.member.role !== 'user') return undefined;
  return problem(401, 'Not logged in', 'Log in on the page first.');
}

function readAsk(request: FastifyRequest): Ask {
  const url = new URL(request.url, 'http://localhost');
  const { params, body } = request;
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const content = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  return {
    method: request.method,
    path: url.pathname,
    params: Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, String(value)])),
    query: url.searchParams,
    header: (name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    },
    type,
    body: content,
    form: new URLSearchParams(type === FORM ? content.toString('utf8') : ''),
    peer: request.socket.remoteAddress ?? '',
  };
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply
    .code(answer.status)
    .headers(securityHeaders(answer.policy ?? 'data'))
    .headers(answer.headers ?? {})
    .type(answer.type)
    .send(answer.body);
}
