// Endpoints of events: the facts as they happened, page by page, and as they happen.
import { present } from '../lib/present.ts';
import { z } from 'zod';
import {
  cursorBefore,
  cursorText,
  matches,
  parseCursor,
  type Cursor,
  type EventLog,
  type Filter,
  type Recorded,
} from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';
import type { Principal } from '../model/access.ts';
import { eventSchema, eventTypes, type Event } from '../model/event.ts';
import { nameSchema } from '../model/settings.ts';
import type { Authenticate } from './authenticate.ts';
import { endpoint, sent } from './endpoint.ts';
import type { Viewers } from './event-stream.ts';
import { moment } from './moment.ts';
import { badCursor, pageQuery } from './paging.ts';
import { isProblem, problem } from './problem.ts';

export type EventsContext = Readonly<{
  eventLog: EventLog;
  viewers: Viewers;
  authenticate: Authenticate;
  clock: Clock;
}>;

/** Events that one request looks at; a page may then be short, and goes on behind them. */
const MAX_LOOKED_AT = 100_000;
const DAY_MS = 86_400_000;
/** Redis' clock and ours may differ by so much. */
const SLACK_MS = 120_000;

const word = z.string().min(1).max(320).optional();

const filterQuery = {
  type: z
    .union([z.enum(eventTypes), z.array(z.enum(eventTypes))])
    .optional()
    .describe('Of these types; it may be repeated.'),
  id: word.describe('Of a message, or of one delivery.'),
  messageId: word.describe('Of the message with this Message-ID.'),
  recipient: word.describe('An address, or "@example.net" for a whole domain.'),
  sender: word.describe('The same, of the envelope sender or the From address.'),
  user: nameSchema.optional(),
  transport: nameSchema.optional(),
  campaign: word,
  tag: word,
};

const shown = eventSchema.extend({
  cursor: z.string().describe('Its place: a list, or a stream, goes on behind it.'),
});

export const eventEndpoints = [
  endpoint({
    id: 'listEvents',
    verb: 'events',
    method: 'GET',
    path: '/events',
    scope: 'events:read',
    summary: 'Events, oldest first.',
    description:
      'A page may be short, or empty, and still have a "next". Who asks again and again begins with the cursor of the last event seen.',
    query: z.object({
      ...pageQuery,
      ...filterQuery,
      since: moment.optional().describe('As below; without it and a cursor: a day ago.'),
      until: moment.optional(),
    }),
    answer: z.object({ items: z.array(shown), next: z.string().optional() }),
    run: async ({ principal, query }, { eventLog, clock }: EventsContext) => {
      const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
      if (query.cursor !== undefined && !after) return badCursor;
      const since = query.since ?? clock.now() - DAY_MS;
      const filter = filterOf(query, { since: after ? query.since : since, until: query.until });
      const wanted = makeWanted(principal, filter);
      return pageOfEvents(eventLog.read(after ?? cursorBefore(since - SLACK_MS)), wanted, query.limit);
    },
  }),
  endpoint({
    id: 'streamEvents',
    method: 'GET',
    path: '/events/stream',
    scope: 'events:read',
    summary: 'Events as they happen, as a stream of server-sent events.',
    description:
      'Each has its cursor as id, so that a client that connects again goes on where it was ("Last-Event-ID"). A client that does not read for half a minute is cut off.',
    query: z.object({
      ...filterQuery,
      cursor: z.string().max(100).optional().describe('Events after this one, too; default: from now on.'),
    }),
    produces: 'text/event-stream',
    run: async ({ principal, query, http }, context: EventsContext) => {
      const { eventLog, viewers, authenticate } = context;
      const said = http.header('last-event-id') ?? query.cursor;
      const cursor = said === undefined || said === '' ? undefined : parseCursor(said);
      if (said !== undefined && said !== '' && !cursor) return badCursor;
      const wanted = makeWanted(principal, filterOf(query, {}));
      const after = cursor ?? (await eventLog.end());
      const mayStay = async (): Promise<boolean> => {
        const now = await authenticate(http);
        return !isProblem(now) && now.scopes.has('events:read') && now.user === principal.user;
      };
      const body = viewers.open({ after, wanted, mayStay });
      if (!body) return full;
      return sent({ status: 200, type: 'text/event-stream; charset=utf-8', body });
    },
  }),
];

const full = problem(503, 'Busy', 'Too many others follow the events just now; please try again later.', {
  retryAfterS: 30,
});

type Asked = Readonly<{ [Key in keyof typeof filterQuery]?: z.output<(typeof filterQuery)[Key]> }>;

function filterOf(
  query: Asked,
  times: Readonly<{ since?: number | undefined; until?: number | undefined }>,
): Filter {
  const { type, id, messageId, recipient, sender, user, transport, campaign, tag } = query;
  const types = type === undefined ? undefined : [type].flat();
  return present({
    id: id?.toUpperCase(),
    messageId,
    recipient,
    sender,
    user,
    transport,
    campaign,
    tag,
    types,
    ...times,
  });
}

/** What a principal may see of the events that it asks for. Who is bound to a user sees nothing of the installation. */
function makeWanted({ account, user }: Principal, filter: Filter): (event: Event) => boolean {
  const isMine = (event: Event): boolean =>
    event.account === account && (user === undefined || (event.user === user && event.submission !== ''));
  return (event) => isMine(event) && matches(event, filter);
}

type Page = Readonly<{ items: readonly (Event & Readonly<{ cursor: string }>)[]; next?: string }>;

async function pageOfEvents(
  batches: AsyncGenerator<readonly Recorded[]>,
  wanted: (event: Event) => boolean,
  limit: number,
): Promise<Page> {
  const items: (Event & Readonly<{ cursor: string }>)[] = [];
  let looked = 0;
  let last: Cursor | undefined;
  for await (const batch of batches)
    for (const { cursor, event } of batch) {
      if ((items.length >= limit || looked >= MAX_LOOKED_AT) && last)
        return { items, next: cursorText(last) };
      looked++;
      last = cursor;
      if (wanted(event)) items.push({ ...event, cursor: cursorText(cursor) });
    }
  return { items };
}
