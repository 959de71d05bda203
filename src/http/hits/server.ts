// The public listener for links, pixels and unsubscribing: plain HTTP or HTTPS, with limits on everything that a stranger sends.
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Clock } from '../../lib/clock.ts';
import { explainListen, type Listening } from '../listening.ts';
import type { TrackingConfig } from '../tracking-config.ts';
import { makeHandler, type HandlerDeps } from './handler.ts';
import { loadCertificates, MIN_TLS, type Certificates } from './tls.ts';
import { reasonOf } from '../../lib/reason.ts';

export type HitsDeps = Omit<HandlerDeps, 'trustProxy'> & Readonly<{ config: TrackingConfig; clock: Clock }>;

export type HitsServer = Readonly<{
  /** Binds the configured address; what stands in the way is a problem in one sentence. */
  listen(): Promise<Listening>;
  /** Takes no more requests; those under way have a moment. */
  close(): Promise<void>;
  /** False before, after, and when the system closed it. */
  isListening(): boolean;
}>;

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16 * 1024,
} as const;
/** A socket on which nothing moves, also while an answer is not taken. */
const IDLE_MS = 30_000;
const MAX_CONNECTIONS = 4000;
const MAX_HEADERS = 100;
const MAX_REQUESTS_PER_CONNECTION = 10_000;
const CLOSE_MS = 1000;

/** Makes the listener; `listen` opens it. */
export function makeHits(deps: HitsDeps): HitsServer {
  const { config, clock, log } = deps;
  const handler = makeHandler({ ...deps, trustProxy: config.trustProxy });
  let server: Server | undefined;
  let certificates: Certificates | undefined;
  return {
    listen: async () => {
      try {
        if (config.isSecure) certificates = await loadCertificates(config, { clock, log });
      } catch (error) {
        return { ok: false, problem: reasonOf(error) };
      }
      server = makeServer(handler, certificates);
      return bind(server, config);
    },
    close: async () => {
      certificates?.stop();
      if (server) await shut(server, clock);
    },
    isListening: () => server?.listening ?? false,
  };
}

function makeServer(handler: RequestListener, certificates: Certificates | undefined): Server {
  const server = certificates ? makeSecureServer(handler, certificates) : createServer(LIMITS, handler);
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_CONNECTION;
  server.timeout = IDLE_MS;
  return server;
}

function makeSecureServer(handler: RequestListener, certificates: Certificates): Server {
  const minVersion = MIN_TLS;
  const server = createSecureServer(
    {
      ...LIMITS,
      ...certificates.first,
      minVersion,
      SNICallback: (host, done) => done(null, certificates.contextFor(host)),
    },
    handler,
  );
  certificates.onFirst((pem) => server.setSecureContext({ ...pem, minVersion }));
  return server;
}

function bind(server: Server, config: TrackingConfig): Promise<Listening> {
  const { port, host } = config;
  return new Promise((resolve) => {
    server.once('error', (error) =>
      resolve({ ok: false, problem: explainListen('tracking', error, config) }),
    );
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      const bound = server.address();
      const { address, port: taken } = typeof bound === 'object' && bound ? bound : { address: '', port };
      resolve({ ok: true, host: address, port: taken });
    });
  });
}

async function shut(server: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await Promise.race([closed, clock.sleep(CLOSE_MS)]);
  server.closeAllConnections();
  await closed;
}
