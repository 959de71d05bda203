// The mail side of the submission role: a listener for mail to ourselves, and what is done with it.
import { join } from 'node:path';
import { makeInbound } from '../accept/inbound.ts';
import type { ListenersConfig, OpenListener } from '../accept/listeners.ts';
import type { Config } from '../config.ts';
import { makeFeedback } from '../feedback/feedback.ts';
import { makeKinds, type KindDeps } from '../feedback/kinds/index.ts';
import type { Unsubscribe } from '../tracking/unsubscribe.ts';
import type { Base } from './base.ts';
import type { SubmitMail } from './backlog.ts';
import { openReports } from './reports.ts';
import { openUnsubscribe } from './unsubscribe.ts';

export type FeedbackListeners = Readonly<{
  listeners: readonly OpenListener[];
  state(): FeedbackState;
  /** Takes no new connections, and gives mail that comes in `graceMs`. */
  stop(graceMs: number): Promise<void>;
}>;

export type FeedbackState = Readonly<{
  /** True when it takes no further connection for now. */
  isFull: boolean;
  connections: number;
  /** Why orders to unsubscribe wait on disk; undefined when none do. */
  ordersWait: string | undefined;
}>;

/**
 * Opens the listeners of feedback.domain; undefined where none is configured. `unsubscribe` is the one that the tracking
 * listener of this process has. Throws a StartProblem with one sentence when one cannot be opened.
 */
export async function startFeedback(
  base: Base,
  unsubscribe: Unsubscribe | undefined,
  submit: SubmitMail,
): Promise<FeedbackListeners | undefined> {
  const { config, clock } = base;
  if (!config.feedback) return undefined;
  const { domain, maxConnections } = config.feedback;
  const log = base.log.child({ role: 'feedback' });
  const orders = unsubscribe
    ? { unsubscribe, trouble: () => undefined, stop: () => undefined }
    : openUnsubscribe(base);
  const stop: KindDeps['stop'] = (token) => orders.unsubscribe.stop(token, { how: 'mail', scope: 'message' });
  const { takes, receive } = makeFeedback(
    makeKinds({ domain, stop, ...openReports({ ...base, log }, config.feedback, submit) }),
  );
  const inbound = makeInbound({
    config: listenersOf(config, config.feedback),
    hostname: config.hostname,
    certificateFolder: join(config.data, 'tls'),
    clock,
    log,
    takes,
    receive,
  });
  try {
    const listeners = await inbound.start();
    log.info({ domain, ports: listeners.map((one) => one.port) }, 'Mail to ourselves is taken.');
    return {
      listeners,
      state: () => ({
        isFull: inbound.connections() >= maxConnections,
        connections: inbound.connections(),
        ordersWait: orders.trouble(),
      }),
      stop: async (graceMs) => {
        await inbound.stop(graceMs);
        orders.stop();
      },
    };
  } catch (error) {
    orders.stop();
    throw error;
  }
}

/** TLS and patience are those of the front door. */
function listenersOf({ smtp }: Config, feedback: NonNullable<Config['feedback']>): ListenersConfig {
  const { certificate, key, deadlines } = smtp;
  const { maxConnections, maxConnectionsPerIp } = feedback;
  const common = {
    requireTls: false,
    minTls: 'TLSv1.2',
    hideStarttls: false,
    allowInsecureAuth: false,
  } as const;
  return {
    certificate,
    key,
    deadlines,
    maxConnections,
    maxConnectionsPerIp,
    listeners: feedback.listeners.map((one) => ({ ...common, ...one })),
  };
}
