// The door for mail to ourselves: no log-in, no relaying; addresses of ours are taken, and their mail is handed on in memory.
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { makeBudget } from './body.ts';
import { makeCertificates } from './certificates.ts';
import { makeInboundDesk, type InboundDeskDeps } from './inbound-desk.ts';
import { makeListeners, type Listeners, type ListenersConfig } from './listeners.ts';
import { makeTally } from './tally.ts';
import { makeTurnstile } from './turnstile.ts';

export type InboundDeps = Pick<InboundDeskDeps, 'takes' | 'receive'> &
  Readonly<{
    config: ListenersConfig;
    hostname: string;
    /** Folder for the self-signed certificate. */
    certificateFolder: string;
    clock: Clock;
    log: Log;
  }>;

/** Bytes of messages that all sessions together may hold: 128 of the largest. */
const MEMORY_BYTES = 33_554_432;

/** Makes the listeners for mail that comes back to us. */
export function makeInbound(deps: InboundDeps): Listeners {
  const { config, hostname, clock, log, takes, receive } = deps;
  return makeListeners({
    config,
    key: 'feedback.listeners',
    certificates: makeCertificates({
      folder: deps.certificateFolder,
      hostname,
      clock,
      log,
      checkedBy: 'nobody',
    }),
    turnstile: makeTurnstile(config.maxConnections, config.maxConnectionsPerIp),
    session: {
      hostname,
      deadlines: config.deadlines,
      clock,
      log,
      tally: makeTally(),
      desk: makeInboundDesk({ hostname, budget: makeBudget(MEMORY_BYTES), log, takes, receive }),
    },
    clock,
  });
}
