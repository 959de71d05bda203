// Endpoints of the queue: what waits, and what an operator can do with it.
import { z } from 'zod';
import type { Changed, Selection } from '../backlog/operate.ts';
import { pauseKinds, type PauseName } from '../backlog/pauses.ts';
import type { PageQueue, Place } from '../backlog/queue-page.ts';
import type { Principal } from '../model/access.ts';
import { nameSchema } from '../model/settings.ts';
import { HOME } from '../model/scopes.ts';
import { durationLike } from '../lib/values.ts';
import type { Sealer } from '../store/seal.ts';
import {
  cancelAll,
  moveTo,
  pauseMail,
  putOff,
  queueState,
  resumeMail,
  retryNow,
  withReasons,
  type QueueVerbs,
} from '../verbs/queue.ts';
import { endpoint } from './endpoint.ts';
import { badCursor, makeCursor, pageOf, pageQuery, readCursor } from './paging.ts';
import { boundsOf, sees } from './principal.ts';
import { invalid, notFound, type Problem } from './problem.ts';
import { refusal } from './refusal.ts';

export type QueueApi = QueueVerbs & Readonly<{ pageQueue: PageQueue; sealer: Sealer }>;

const DAY_MS = 86_400_000;
const MAX_AHEAD_MS = 366 * DAY_MS;

const selection = {
  id: z.string().max(64).optional().describe('A delivery, or all of a message.'),
  recipient: z.string().max(320).optional(),
  domain: z.string().max(253).optional().describe('A recipient domain.'),
  user: nameSchema.optional(),
  transport: nameSchema.optional().describe('What is to leave by this transport.'),
  campaign: z.string().max(255).optional(),
  batch: z.string().max(100).optional().describe('Messages that the sender gave this batch name.'),
};
const wishes = {
  ...selection,
  all: z.literal(true).optional().describe('Everything that waits: for a request that names nothing else.'),
};

const delivery = z.object({
  id: z.string(),
  submission: z.string().describe('The id of its message.'),
  user: z.string(),
  recipient: z.string(),
  domain: z.string(),
  pool: z.string(),
  transport: z.string().describe('"": its pool has none just now.'),
  fallback: z.string().optional().describe('The fallback pool that this transport is of.'),
  state: z.enum(['waiting', 'parked', 'sending', 'paused', 'unknown']),
  hold: z.string().optional().describe('The rule that holds it until it is due: "warmup", "provider".'),
  quarantined: z.string().optional().describe('Why a scanner refused its message.'),
  priority: z.number(),
  attempts: z.number(),
  maxAttempts: z.number().optional(),
  due: z.number().describe('When the next attempt is due, epoch milliseconds.'),
  expiresAt: z.number().describe('When Postino gives up, epoch milliseconds.'),
  campaign: z.string().optional(),
  batch: z.string().optional(),
});
const changed = z.object({
  changed: z.number(),
  busy: z.number().describe('They are being sent just now and were left alone.'),
});
const pause = z.object({
  name: z.string(),
  at: z.number(),
  by: z.string(),
  reason: z.string().optional(),
  until: z.number().optional().describe('Absent: until somebody resumes it.'),
});
const pauseName = z.strictObject({
  kind: z.enum(pauseKinds),
  name: z.string().min(1).max(255),
});

export const queueEndpoints = [
  endpoint({
    id: 'showQueue',
    verb: 'queue',
    method: 'GET',
    path: '/queue',
    scope: 'transports:read',
    summary: 'How much waits, by transport.',
    answer: z.object({
      open: z.number().describe('Deliveries that have not ended.'),
      paused: z.number().describe('Of them, those that a pause took out.'),
      quarantined: z.number().describe('Messages in quarantine.'),
      perTransport: z.array(
        z.object({
          transport: z.string(),
          waiting: z.number().describe('Due now.'),
          later: z.number(),
          sending: z.number(),
        }),
      ),
      pauses: z.array(pause),
    }),
    run: (_, api: QueueApi) => queueState(api),
  }),
  endpoint({
    id: 'listQueue',
    verb: ['queue list', 'queue show'],
    method: 'GET',
    path: '/queue/deliveries',
    scope: 'messages:read',
    summary: 'Deliveries that wait, soonest first.',
    description: 'A page may hold fewer than asked for, even none, and still have a "next".',
    query: z.object({ ...pageQuery, ...selection }),
    answer: pageOf(delivery),
    run: async ({ principal, query: { cursor, limit, ...asked } }, api: QueueApi) => {
      const wanted = within(principal, asked);
      if (!wanted) return { items: [] };
      const after = cursor === undefined ? undefined : readPlace(cursor, api);
      if (cursor !== undefined && !after) return badCursor;
      const page = await api.pageQueue(wanted, { after, limit });
      const items = await withReasons(api, page.deliveries);
      return {
        items: items.map(({ recipient, ...rest }) => ({ ...rest, recipient: recipient.address })),
        ...(page.next && { next: cursorOf(page.next, api) }),
      };
    },
  }),
  endpoint({
    id: 'pauseQueue',
    verb: 'queue pause',
    method: 'POST',
    path: '/queue/pause',
    scope: 'queue:write',
    summary: 'Stops sending for a recipient domain, a user or a campaign; mail is still taken.',
    body: pauseName.extend({
      for: durationLike('"30m", "2h" or "1d"')
        .optional()
        .describe('Until it resumes by itself, such as "2h".'),
      reason: z.string().max(500).optional(),
    }),
    answer: z.object({ paused: z.string(), until: z.number().optional() }),
    run: async ({ principal, body }, api: QueueApi) => {
      const name = pauseOf(principal, body, api);
      if (name === undefined) return notFound('user');
      const { until } = await pauseMail(api, name, { forMs: body.for, reason: body.reason });
      return { paused: name, until };
    },
  }),
  endpoint({
    id: 'resumeQueue',
    verb: 'queue resume',
    method: 'POST',
    path: '/queue/resume',
    scope: 'queue:write',
    summary: 'Goes on with what was paused.',
    body: pauseName,
    answer: z.object({ resumed: z.string(), changed: z.number() }),
    run: async ({ principal, body }, api: QueueApi) => {
      const name = pauseOf(principal, body, api);
      if (name === undefined) return notFound('user');
      const resumed = await resumeMail(api, name);
      return resumed.ok ? { resumed: name, changed: resumed.value.changed } : refusal(resumed);
    },
  }),
  endpoint({
    id: 'retryQueue',
    verb: 'queue retry',
    method: 'POST',
    path: '/queue/retry',
    scope: 'queue:write',
    summary: 'Tries again now.',
    body: z.strictObject(wishes),
    answer: changed,
    run: ({ principal, body }, api: QueueApi) => each(principal, body, (wanted) => retryNow(api, wanted)),
  }),
  endpoint({
    id: 'cancelQueue',
    verb: 'queue cancel',
    method: 'POST',
    path: '/queue/cancel',
    scope: 'queue:write',
    summary: 'Ends deliveries without sending them. This cannot be undone.',
    body: z.strictObject(wishes),
    answer: changed,
    run: ({ principal, body }, api: QueueApi) => each(principal, body, (wanted) => cancelAll(api, wanted)),
  }),
  endpoint({
    id: 'rescheduleQueue',
    verb: 'queue reschedule',
    method: 'POST',
    path: '/queue/reschedule',
    scope: 'queue:write',
    summary: 'Puts deliveries off, or brings them forward.',
    body: z.strictObject({
      ...wishes,
      at: z.number().describe('When they are due, epoch milliseconds; what has passed means now.'),
    }),
    answer: changed,
    run: async ({ principal, body: { at, ...asked } }, api: QueueApi) => {
      if (at - api.clock.now() > MAX_AHEAD_MS) return tooFar;
      return each(principal, asked, (wanted) => putOff(api, wanted, at));
    },
  }),
  endpoint({
    id: 'moveQueue',
    verb: 'queue move',
    method: 'POST',
    path: '/queue/move',
    scope: 'queue:write',
    summary: 'Gives deliveries to another transport of their pool.',
    body: z.strictObject({ ...wishes, to: nameSchema.describe('The transport.') }),
    answer: changed,
    run: async ({ principal, body: { to, ...asked } }, api: QueueApi) => {
      if (!api.settingsNow().transports.has(to)) return notFound('transport');
      return each(principal, asked, async (wanted) => {
        const moved = await moveTo(api, wanted, to);
        return moved.ok ? moved.value : { changed: 0, busy: 0 };
      });
    },
  }),
];

const tooFar = invalid('That is more than a year ahead.', [
  { path: 'body.at', message: 'must be at most a year ahead' },
]);

const nothingNamed = invalid('Say which deliveries, or "all": true.', [
  { path: 'body', message: `must have one of ${Object.keys(selection).join(', ')}, or "all": true` },
]);

type Asked = Readonly<{ [K in keyof typeof selection]?: string | undefined }>;

/** What is asked for of what who asks may see; undefined: nothing of it. */
function within(principal: Principal, { id, ...asked }: Asked): Selection | undefined {
  const bounds = boundsOf(principal, asked.user);
  return bounds && { ...asked, id: id?.trim().toUpperCase(), ...bounds };
}

async function each(
  principal: Principal,
  { all, ...asked }: Asked & Readonly<{ all?: true | undefined }>,
  work: (wanted: Selection) => Promise<Changed>,
): Promise<Changed | Problem> {
  const isEmpty = Object.values(asked).every((value) => value === undefined);
  if (isEmpty && all !== true) return nothingNamed;
  const wanted = within(principal, asked);
  return wanted ? work(wanted) : { changed: 0, busy: 0 };
}

/** The name of a pause; only the installation's own account stops what belongs to no user. Undefined: not to be seen. */
function pauseOf(
  principal: Principal,
  { kind, name }: z.output<typeof pauseName>,
  { settingsNow }: QueueApi,
): PauseName | undefined {
  const plain = kind === 'campaign' ? name : name.toLowerCase();
  if (kind !== 'user') return principal.account === HOME ? `${kind}:${plain}` : undefined;
  const user = settingsNow().users.get(plain);
  return user && sees(principal, { account: user.account, user: plain }) ? `user:${plain}` : undefined;
}

const SEALED = 'queue cursor';

/** Sealed: a page may end at a delivery of somebody else's. */
function cursorOf({ score, ref }: Place, { sealer }: QueueApi): string {
  return makeCursor(sealer.seal(`${score} ${ref}`, SEALED));
}

function readPlace(cursor: string, { sealer }: QueueApi): Place | undefined {
  const place = sealer.open(readCursor(cursor), SEALED) ?? '';
  const [, score, ref] = /^(\d+(?:\.\d+)?) (\S+)$/.exec(place) ?? [];
  return score === undefined || ref === undefined ? undefined : { score: Number(score), ref };
}
