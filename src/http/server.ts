// The HTTP server: limits, access, headers and errors around the routes; the only file that imports fastify.
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { HttpConfig } from './config.ts';
import { problem, redirect, type Access, type Answer, type Ask, type Route } from './exchange.ts';
import { makeGate } from './gate.ts';
import { healthRoutes, type Check } from './health.ts';
import { askRoutes } from './hits/ask.ts';
import { inboxRoutes, type ConnectInfo, type QueueState, type Sandbox } from './inbox.ts';
import { explainListen, type Listening } from './listening.ts';
import { makeMetrics, type Figures } from './metrics.ts';
import { pageRoutes } from './pages.ts';
import { makeReader } from './reader.ts';
import { isForeign, isForwarded, isLoopback, securityHeaders } from './security.ts';
import { hasToken, makeSessions, type Sessions } from './session.ts';

export type HttpDeps = Readonly<{
  config: HttpConfig;
  clock: Clock;
  log: Log;
  checks(): Promise<readonly Check[]>;
  figures(): Promise<Figures>;
  verifyAdmin(password: string): Promise<boolean>;
  sandbox: Sandbox;
  connectInfo(): Promise<ConnectInfo>;
  queueState(): Promise<QueueState>;
  /** True for host names that tracked links point to. */
  isTrackingHost(host: string): boolean;
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
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 16 * 1024;
const MAX_PARAM = 100;
const MAX_CONNECTIONS = 500;

/** Makes the server; `listen` opens it. */
export function makeHttp(deps: HttpDeps): HttpServer {
  const { clock, log, config } = deps;
  const sessions = makeSessions(clock);
  const app = makeApp(log);
  const routes = [
    ...healthRoutes({ checks: deps.checks, metrics: makeMetrics(deps.figures), clock }),
    ...pageRoutes({ sessions, gate: makeGate(deps.verifyAdmin, clock) }),
    ...askRoutes(deps.isTrackingHost),
    ...inboxRoutes({ ...deps, reader: makeReader(clock), session: sessions.find }),
  ];
  for (const route of routes) mount(app, route, sessions);
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
    http: { headersTimeout: HEADERS_MS, maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { maxParamLength: MAX_PARAM },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, body.toString()),
  );
  app.setNotFoundHandler((_, reply) =>
    send(reply, problem(404, 'Not found', 'There is nothing at this address.')),
  );
  app.setErrorHandler((error, _, reply) => {
    const status = statusOf(error);
    if (status < 500) return send(reply, problem(status, 'Bad request', 'The request cannot be read.'));
    log.error({ error: error instanceof Error ? error.stack : String(error) }, 'An HTTP request failed.');
    const detail = 'Something went wrong on our side; the log says what. Please try again.';
    return send(reply, problem(500, 'Internal error', detail));
  });
  return app;
}

function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}

function mount(app: FastifyInstance, route: Route, sessions: Sessions): void {
  app.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      const ask = readAsk(request);
      const refusal = refuse(route.access, ask, sessions);
      return send(reply, refusal ?? (await route.handle(ask)));
    },
  });
}

/** Why the request may not; undefined when it may. */
function refuse(access: Access, ask: Ask, sessions: Sessions): Answer | undefined {
  if (access === 'open') return undefined;
  // Figures hold no secrets: a monitor on this host reads them without the password, nobody else does.
  if (access === 'metrics' && isLoopback(ask.peer) && !isForwarded(ask)) return undefined;
  const session = sessions.find(ask);
  if (!session) {
    const wantsPage = ask.method === 'GET' && ask.path === '/';
    if (wantsPage) return redirect('/login');
    return problem(401, 'Not logged in', 'Log in with the admin password at /login first.');
  }
  if (access === 'writer' && (isForeign(ask) || !hasToken(ask, session)))
    return problem(
      403,
      'Forbidden',
      'This request does not come from our own page; reload it and try again.',
    );
  return undefined;
}

function readAsk(request: FastifyRequest): Ask {
  const url = new URL(request.url, 'http://localhost');
  const { params, body } = request;
  return {
    method: request.method,
    path: url.pathname,
    params: Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, String(value)])),
    query: url.searchParams,
    header: (name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    },
    form: new URLSearchParams(typeof body === 'string' ? body : ''),
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
