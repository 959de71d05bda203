// The listening sockets of a door: opened all or none, their deadlines and certificates kept, closed in good order.
import type { Clock } from '../lib/clock.ts';
import type { CertificateFiles, Certificates } from './certificates.ts';
import type { ListenerConfig, SmtpConfig } from './config.ts';
import { Listener } from './listener.ts';
import { listenProblem } from './problem.ts';
import type { SessionDeps } from './session.ts';
import type { Turnstile } from './turnstile.ts';

export type ListenersConfig = Pick<
  SmtpConfig,
  'listeners' | 'certificate' | 'key' | 'maxConnections' | 'maxConnectionsPerIp' | 'deadlines'
>;

export type ListenersDeps = Readonly<{
  config: ListenersConfig;
  /** Key of the configuration that the listeners stand under, for sentences to the operator. */
  key: string;
  certificates: Certificates;
  turnstile: Turnstile;
  session: SessionDeps;
  clock: Clock;
}>;

export type OpenListener = Readonly<{ port: number; host: string | undefined; tls: ListenerConfig['tls'] }>;

export type Listeners = Readonly<{
  /** Opens all listeners or none. Throws a StartProblem with one sentence for the operator. */
  start(): Promise<readonly OpenListener[]>;
  /** Stops listening, sends idle clients away with 421 and lets messages that come in end with a real answer. */
  stop(graceMs: number): Promise<void>;
  /** Open sessions. */
  connections(): number;
}>;

const LOOK_EVERY_MS = 1000;
const STOP_LOOK_MS = 25;

/** Makes the listeners of one door. */
export function makeListeners(deps: ListenersDeps): Listeners {
  const { config, certificates, session, turnstile, clock } = deps;
  const listeners: Listener[] = [];
  const undo: (() => void)[] = [];

  const close = (): void => {
    for (const listener of listeners) listener.stopListening();
    for (const step of undo.splice(0)) step();
  };

  return {
    start: async () => {
      const opened: OpenListener[] = [];
      try {
        for (const one of config.listeners) {
          const files = filesOf(one, config);
          const certificate = one.tls === 'none' ? undefined : await certificates.load(files);
          const listener = new Listener({ config, listener: one, certificate, session, turnstile });
          opened.push({ port: await openOrExplain(listener, one, deps.key), host: one.host, tls: one.tls });
          listeners.push(listener);
          if (certificate) undo.push(watch(certificates, files, listener));
        }
      } catch (error) {
        close();
        throw error;
      }
      undo.push(
        clock.every(LOOK_EVERY_MS, () => listeners.forEach((one) => one.checkDeadlines(clock.ticks()))),
      );
      return opened;
    },
    stop: async (graceMs) => {
      const until = clock.ticks() + graceMs;
      close();
      while (turnstile.inside() > 0 && clock.ticks() < until) await clock.sleep(STOP_LOOK_MS);
      for (const listener of listeners.splice(0)) listener.destroyAll();
    },
    connections: () => turnstile.inside(),
  };
}

function filesOf(listener: ListenerConfig, config: ListenersConfig): CertificateFiles | undefined {
  const { certificate, key } = listener.certificate === undefined ? config : listener;
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

function watch(
  certificates: Certificates,
  files: CertificateFiles | undefined,
  listener: Listener,
): () => void {
  return certificates.watch(files, (certificate) => listener.useCertificate(certificate));
}

async function openOrExplain(
  listener: Listener,
  { host, port }: ListenerConfig,
  key: string,
): Promise<number> {
  try {
    return await listener.open();
  } catch (error) {
    throw listenProblem(host === undefined ? `port ${port}` : `${host} port ${port}`, error, key);
  }
}
