// The SMTP front door: opens the listeners, keeps the deadlines, closes without losing a message that is under way.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Settings } from '../model/settings.ts';
import { makeAuthenticate } from './authenticate.ts';
import { makeBudget, type Spill } from './body.ts';
import { makeCertificates, type CertificateFiles, type Certificates } from './certificates.ts';
import type { ListenerConfig, SmtpConfig } from './config.ts';
import { makeGuard } from './guard.ts';
import { Listener } from './listener.ts';
import { listenProblem } from './problem.ts';
import type { SessionDeps } from './session.ts';
import { noLinks, type Links } from './links.ts';
import { makeTake, type Learn, type RecipientFields, type Reserve, type Submit } from './take.ts';
import { makeTally, type Tally } from './tally.ts';
import type { AskRoom, IsSuppressed } from './transaction.ts';
import { makeTurnstile } from './turnstile.ts';

export type AcceptDeps = Readonly<{
  config: SmtpConfig;
  hostname: string;
  /** Folder for the self-signed certificate. */
  certificateFolder: string;
  clock: Clock;
  log: Log;
  /** Undefined while settings cannot be trusted: Redis is away, or they are stale. */
  settings: () => Settings | undefined;
  submit: Submit;
  reserve: Reserve;
  openSpill: () => Promise<Spill>;
  isSuppressed: IsSuppressed;
  /** Where links point to; absent: nowhere, so that nothing is tracked but on hosts of domains. */
  links?: Links;
  /** Merge values of known recipients; absent: none. */
  recipientFields?: RecipientFields;
  /** Told names and merge values of recipients; absent: nobody wants to know. */
  learn?: Learn;
  /** What room a user's limits leave, asked at RCPT; absent: they are kept at the end of the data only. */
  room?: AskRoom;
}>;

export type OpenListener = Readonly<{ port: number; host: string | undefined; tls: ListenerConfig['tls'] }>;

export type Accept = Readonly<{
  /** Opens all listeners or none. Throws a StartProblem with one sentence for the operator. */
  start(): Promise<readonly OpenListener[]>;
  /** Stops listening, sends idle clients away with 421 and lets messages that come in end with a real answer. */
  stop(graceMs: number): Promise<void>;
  /** Open sessions. */
  connections(): number;
  /** Bytes of messages that all sessions hold in memory now. */
  bytesInFlight(): number;
  /** Counts since the start, for metrics. */
  counts: Tally['read'];
}>;

const LOOK_EVERY_MS = 1000;
const STOP_LOOK_MS = 25;

/** Makes the front door of one process. */
export function makeAccept(deps: AcceptDeps): Accept {
  const { config, hostname, clock, log } = deps;
  const tally = makeTally();
  const turnstile = makeTurnstile(config.maxConnections, config.maxConnectionsPerIp);
  const certificates = makeCertificates({ folder: deps.certificateFolder, hostname, clock, log });
  const budget = makeBudget(config.memoryBudget);
  const session = sessionDeps(deps, { tally, budget });
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
          opened.push({ port: await openOrExplain(listener, one), host: one.host, tls: one.tls });
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
    bytesInFlight: () => budget.held(),
    counts: () => tally.read(),
  };
}

function sessionDeps(
  deps: AcceptDeps,
  { tally, budget }: Pick<SessionDeps, 'tally' | 'budget'>,
): SessionDeps {
  const { config, hostname, clock, log, settings, openSpill, isSuppressed, room } = deps;
  const { maxRecipients } = config;
  const { submit, reserve, recipientFields, learn, links = noLinks } = deps;
  return {
    hostname,
    clock,
    log,
    tally,
    settings,
    openSpill,
    isSuppressed,
    room,
    deadlines: config.deadlines,
    maxMessageBytes: config.maxMessageBytes,
    maxRecipients,
    budget,
    authenticate: makeAuthenticate({ settings, guard: makeGuard(), clock }),
    take: makeTake({
      hostname,
      clock,
      log,
      tally,
      submit,
      reserve,
      settings,
      maxRecipients,
      links,
      recipientFields,
      learn,
    }),
  };
}

function filesOf(listener: ListenerConfig, config: SmtpConfig): CertificateFiles | undefined {
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

async function openOrExplain(listener: Listener, { host, port }: ListenerConfig): Promise<number> {
  try {
    return await listener.open();
  } catch (error) {
    throw listenProblem(host === undefined ? `port ${port}` : `${host} port ${port}`, error);
  }
}
