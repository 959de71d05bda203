// A backlog of its own for a test: real Redis, and a `send` that answers as the test says.
import type { AttemptDeps, Failure, Order } from '../../src/backlog/attempt.ts';
import { makeAttempt } from '../../src/backlog/attempt.ts';
import { carry, type Carrier } from '../../src/backlog/carrier.ts';
import { makeKeys } from '../../src/backlog/keys.ts';
import type { QuarantineDeps } from '../../src/backlog/quarantine.ts';
import { makeOperate } from '../../src/backlog/operate.ts';
import { watchPauses } from '../../src/backlog/pauses.ts';
import { makeJobAdder } from '../../src/backlog/queue.ts';
import { makeSubmit } from '../../src/backlog/submit.ts';
import { makeTransitions } from '../../src/backlog/transitions.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newId } from '../../src/lib/ids.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { Event } from '../../src/model/event.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import type { Submission } from '../../src/model/submission.ts';
import { connectRedis } from '../../src/store/redis.ts';
import { randomPrefix } from './redis.ts';

export const via = {
  transport: 'ip1',
  site: 'mx:mx.example.net',
  host: 'mx.example.net',
  address: '127.0.0.1:25',
  localAddress: '127.0.0.1',
  ehlo: 'relay.example',
  ms: 1,
};
export const delivered = {
  kind: 'delivered',
  via,
  reply: { code: 250, text: 'ok' },
  conversation: '',
} as const satisfies Outcome;
export const deferred = {
  kind: 'deferred',
  via,
  conversation: '',
  cause: { phase: 'rcpt', class: 'busy', status: '4.2.1', detail: 'busy' },
} as const satisfies Outcome;
export const bounced = {
  kind: 'bounced',
  via,
  conversation: '',
  cause: { phase: 'rcpt', class: 'bad-mailbox', status: '5.1.1', detail: 'no such user' },
} as const satisfies Outcome;

export type Send = (order: Order) => Promise<Outcome>;

/** Starts everything a delivering process has, for transport "ip1", over the Redis at `url`. */
export async function startBacklog(
  url: string,
  send: Send,
  options: {
    limit?: number;
    prefix?: string;
    steps?: number[];
    expireAfterMs?: number;
    carrying?: boolean;
    /** Called before a domain's lane is told; where it rejects, the delivery cannot be taken up. */
    located?: (domain: string) => Promise<void>;
    /** Deliveries with a place in a lane skip the queue, as where one process accepts and delivers. */
    handover?: boolean;
    render?: AttemptDeps['render'];
    dropBody?: AttemptDeps['dropBody'];
    /** Has messages scanned before their first attempt. */
    scan?: (
      base: Pick<QuarantineDeps, 'redis' | 'keys' | 'clock'>,
    ) => Pick<AttemptDeps, 'examine' | 'quarantine'>;
  } = {},
) {
  const prefix = options.prefix ?? randomPrefix();
  const keys = makeKeys(prefix);
  const log = silentLog;
  const clock = systemClock;
  const accept = connectRedis({ url, purpose: 'accept', connections: 2, prefix, log });
  const asking = connectRedis({ url, purpose: 'events', prefix, log });
  const blocking = connectRedis({ url, purpose: 'blocking', prefix, log });
  await Promise.all([accept.whenReady(), asking.whenReady(), blocking.whenReady()]);
  const jobs = makeJobAdder(asking.raw, keys.queues, clock, log);
  const transitions = makeTransitions(asking, keys);
  const pauses = watchPauses({ redis: asking, keys, clock, log });
  const reports: string[] = [];
  const failures: Failure[] = [];
  const movedOut: string[] = [];
  const deps: AttemptDeps = {
    transitions,
    jobs,
    clock,
    log,
    plan: { steps: options.steps ?? [100] },
    render: options.render ?? (() => () => Promise.reject(new Error('not rendered in this test'))),
    send,
    report: async (_, delivery, failure) => {
      reports.push(delivery.id);
      failures.push(failure);
    },
    chooseAgain: () => ({ transport: 'ip1' }),
    suppressions: () => `${prefix}suppressed:default`,
    dropBody: options.dropBody ?? (() => Promise.resolve()),
    moveOut: async (submission) => movedOut.push(submission.id) > 0,
    tally: () => undefined,
    ...options.scan?.({ redis: asking, keys, clock }),
  };
  const attempt = makeAttempt(deps);
  const carryHere = (owner: string): Carrier =>
    carry('ip1', {
      redis: asking,
      connection: blocking.raw,
      keys,
      transitions,
      jobs,
      pauses,
      clock,
      log,
      owner,
      locate: async (_, domain) => {
        await options.located?.(domain);
        return { lane: `mx:mx.${domain}`, limit: options.limit ?? 10 };
      },
      attempt,
    });
  const carriers: Carrier[] = options.carrying === false ? [] : [carryHere('p1')];
  const submit = makeSubmit({
    entrances: [
      {
        redis: accept,
        jobs: makeJobAdder(accept.raw, keys.queues, clock, log),
        park: makeTransitions(accept, keys).park,
      },
    ],
    keys,
    clock,
    log,
    expireAfterMs: options.expireAfterMs ?? 3_600_000,
    clockOffset: () => 0,
    route: (submission) => ({ pool: 'default', priority: submission.instructions.priority ?? 3 }),
    chooseTransport: () => ({ transport: 'ip1' }),
    pin: () => ({ dkim: [] }),
    reserve: (delivery) => (options.handover ? carriers[0]?.reserve(delivery) : undefined),
  });
  const operate = makeOperate({
    redis: asking,
    keys,
    transitions,
    jobs,
    clock,
    announce: () => pauses.refresh(),
    dropBody: () => Promise.resolve(),
  });
  return {
    prefix,
    keys,
    redis: asking,
    submit,
    operate,
    jobs,
    transitions,
    deps,
    reports,
    failures,
    movedOut,
    carriers,
    carryHere,
    /** All events in the stream, oldest first, repeats by id removed. */
    events: async (): Promise<Event[]> => {
      const answer = await asking.call('XRANGE', keys.events, '-', '+');
      const all = (answer as [string, string[]][]).map(([, fields]) => JSON.parse(fields[1] ?? '') as Event);
      return [...new Map(all.map((event) => [event.id, event])).values()];
    },
    stop: async (): Promise<void> => {
      await Promise.all(carriers.map((carrier) => carrier.stop(1000)));
      pauses.stop();
      await jobs.close().catch(() => undefined);
      await Promise.all([accept.close(), asking.close(), blocking.close()]);
    },
  };
}

/** A request for `submit` with a small message to these recipients. */
export function request(recipients: readonly string[], more: Partial<Submission> = {}) {
  const at = Date.now();
  const body = Buffer.from('Subject: hello\r\nFrom: <shop@shop.example>\r\n\r\nhi\r\n');
  const submission: Submission = {
    v: 1,
    id: newId(at),
    account: 'default',
    user: 'shop',
    at,
    from: 'shop@shop.example',
    size: body.length,
    headerSize: 45,
    body: 'redis:',
    smtputf8: false,
    eightBit: false,
    messageId: '<m@shop.example>',
    subject: 'hello',
    headerFrom: 'shop@shop.example',
    received: { helo: 'client', address: '127.0.0.1', protocol: 'ESMTPA' },
    instructions: {},
    ...more,
  };
  return { submission, recipients: recipients.map((address) => ({ address })), body, fingerprint: '' };
}
