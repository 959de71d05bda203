// The SMTP front door: everything that its sessions need, put together and opened.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Settings } from '../model/settings.ts';
import { makeAuthenticate, type LoggedIn } from './authenticate.ts';
import { makeBudget, type Budget, type Spill } from './body.ts';
import { makeCertificates } from './certificates.ts';
import type { SmtpConfig } from './config.ts';
import type { Desk } from './desk.ts';
import { makeGuard } from './guard.ts';
import { makeListeners, type Listeners } from './listeners.ts';
import { noLinks, type Links } from './links.ts';
import { makeSubmissionDesk } from './submission-desk.ts';
import { makeTake, type Learn, type RecipientFields, type Reserve, type Submit } from './take.ts';
import { makeTally, type Tally } from './tally.ts';
import type { AskRoom, IsSuppressed } from './transaction.ts';
import { makeTurnstile } from './turnstile.ts';
import type { Unauthorised } from './unauthorised.ts';

export type { OpenListener } from './listeners.ts';

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
  /** Told each log-in; absent: nobody wants to know. */
  loggedIn?: LoggedIn;
  /** Told each sender that is not the user's and was refused; absent: nobody wants to know. */
  unauthorised?: Unauthorised;
}>;

export type Accept = Listeners &
  Readonly<{
    /** Bytes of messages that all sessions hold in memory now. */
    bytesInFlight(): number;
    /** Counts since the start, for metrics. */
    counts: Tally['read'];
  }>;

/** Makes the front door of one process. */
export function makeAccept(deps: AcceptDeps): Accept {
  const { config, hostname, clock, log } = deps;
  const tally = makeTally();
  const budget = makeBudget(config.memoryBudget);
  const listeners = makeListeners({
    config,
    key: 'smtp.listeners',
    certificates: makeCertificates({ folder: deps.certificateFolder, hostname, clock, log }),
    turnstile: makeTurnstile(config.maxConnections, config.maxConnectionsPerIp),
    session: {
      hostname,
      deadlines: config.deadlines,
      clock,
      log,
      tally,
      desk: openDesk(deps, { tally, budget }),
    },
    clock,
  });
  return { ...listeners, bytesInFlight: () => budget.held(), counts: () => tally.read() };
}

function openDesk(deps: AcceptDeps, { tally, budget }: Readonly<{ tally: Tally; budget: Budget }>): Desk {
  const { config, hostname, clock, log, settings, openSpill, isSuppressed, room } = deps;
  const { maxMessageBytes, maxRecipients } = config;
  const { submit, reserve, recipientFields, learn, unauthorised, links = noLinks } = deps;
  const common = { hostname, clock, log, tally, settings, maxRecipients };
  return makeSubmissionDesk({
    ...common,
    openSpill,
    isSuppressed,
    room,
    maxMessageBytes,
    budget,
    authenticate: makeAuthenticate({ settings, guard: makeGuard(), clock, loggedIn: deps.loggedIn }),
    take: makeTake({ ...common, submit, reserve, links, recipientFields, learn, unauthorised }),
  });
}
