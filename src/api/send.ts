// Endpoints that take mail: one message, or many at once with a result for each.
import { z } from 'zod';
import type { Ask as HttpAsk } from '../http/exchange.ts';
import { nextTurn } from '../lib/clock.ts';
import type { Principal } from '../model/access.ts';
import { nameSchema, type Settings, type User } from '../model/settings.ts';
import { endpoint, faultsOf } from './endpoint.ts';
import { nameOfRequest, problemOf, send, tellTaken, type SendContext } from './hand-in.ts';
import { messageSchema, type Message } from './message.ts';
import { invalid, isProblem, notFound, type Problem } from './problem.ts';

const MAX_BATCH = 1000;
/** Handed in at a time: they share a sync of Redis. */
const TOGETHER = 20;
/** 36 MB of message are 48 MB of base64. */
const MAX_BODY_BYTES = 50 * 1024 * 1024;

const user = nameSchema
  .optional()
  .describe('The SMTP user that sends it; needed only where a key may send as several.');

const taken = z.object({
  id: z.string().describe('Of the message: it is in every event about it.'),
  accepted: z.array(z.string()).describe('Recipients that it goes to.'),
  refused: z
    .array(z.object({ address: z.string(), detail: z.string(), reply: z.string() }))
    .describe('Recipients that it does not go to, and why; "reply" is what SMTP would say.'),
});

const result = z.union([
  taken.extend({ ok: z.literal(true) }),
  z.object({
    ok: z.literal(false),
    status: z.number().int(),
    detail: z.string(),
    reply: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
]);

/** Each message is read by itself: a mistake in one is no reason to refuse the others. */
const unread = z.unknown().meta(documented());

function documented(): Readonly<Record<string, unknown>> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(messageSchema, {
    io: 'input',
    unrepresentable: 'any',
  });
  return schema;
}

const batchSchema = z.strictObject({ user, messages: z.array(unread).min(1).max(MAX_BATCH) });

export const sendEndpoints = [
  endpoint({
    id: 'sendMessage',
    verb: 'send',
    method: 'POST',
    path: '/messages',
    scope: 'messages:send',
    summary: 'Takes a message, as SMTP would: checked by the same rules, and stored when the answer comes.',
    description:
      'A message is its parts, or "raw": all of it as RFC 5322. What it asks for is granted or refused as it is by SMTP.',
    body: messageSchema.extend({ user }),
    maxBodyBytes: MAX_BODY_BYTES,
    status: 202,
    answer: taken,
    run: async ({ principal, body, http }, context: SendContext & SettingsNow) => {
      const { user: asked, ...message } = body;
      const sender = senderOf(principal, asked, context.settingsNow());
      if (isProblem(sender)) return sender;
      const key = keyOf(principal, http);
      const handed = await send(context, { message, user: sender.name, peer: http.peer, key });
      return handed.ok ? tellTaken(handed) : problemOf(handed.reply, handed.refused);
    },
  }),
  endpoint({
    id: 'sendBatch',
    method: 'POST',
    path: '/messages/batch',
    scope: 'messages:send',
    summary: 'Takes up to 1,000 messages, each by itself: the results are in the order of the messages.',
    body: batchSchema,
    maxBodyBytes: MAX_BODY_BYTES,
    status: 202,
    answer: z.object({ results: z.array(result) }),
    run: async ({ principal, body, http }, context: SendContext & SettingsNow) => {
      const sender = senderOf(principal, body.user, context.settingsNow());
      if (isProblem(sender)) return sender;
      const key = keyOf(principal, http);
      const results = await inTurn(body.messages, async (one, index) => {
        const own = key === undefined ? undefined : `${key}#${index}`;
        return sendOne(context, { unread: one, user: sender.name, peer: http.peer, key: own });
      });
      return { results };
    },
  }),
];

type SettingsNow = Readonly<{ settingsNow(): Settings }>;
type Result = z.output<typeof result>;

/**
 * Names a request's mail, so that a repetition after we died over it is not sent again. All of the user's mail shares these
 * names: other keys' requests, and other messages, must not be taken for a repetition and be lost.
 */
function keyOf(principal: Principal, http: HttpAsk): string | undefined {
  const name = nameOfRequest(principal, http);
  return name === undefined ? undefined : `api-${name}`;
}

/** The SMTP user that a message is of: the principal's own, the one that is named, or the only one there is. */
export function senderOf(
  principal: Principal,
  asked: string | undefined,
  { users }: Settings,
): User | Problem {
  const { account, user: own } = principal;
  if (own !== undefined && asked !== undefined && asked !== own) return notFound('user');
  const name = own ?? asked;
  const ofAccount = [...users.values()].filter((one) => one.account === account);
  if (name !== undefined) return ofAccount.find((one) => one.name === name) ?? notFound('user');
  const [only, ...others] = ofAccount;
  if (only && others.length === 0) return only;
  return invalid('Say which SMTP user sends it: "user".', [{ path: 'body.user', message: 'is missing' }]);
}

async function sendOne(
  context: SendContext,
  {
    unread: given,
    ...of
  }: Readonly<{ unread: unknown; user: string; peer: string; key: string | undefined }>,
): Promise<Result> {
  const read = messageSchema.safeParse(given);
  if (!read.success) {
    const errors = faultsOf(read.error.issues, 'message');
    const [first] = errors;
    return {
      ok: false,
      status: 422,
      detail: `${first?.path ?? ''}: ${first?.message ?? ''}.`,
      errors: [...errors],
    };
  }
  const message: Message = read.data;
  const handed = await send(context, { ...of, message });
  if (handed.ok) return { ok: true, ...tellTaken(handed) };
  const { status, detail, errors, reply } = problemOf(handed.reply, handed.refused);
  return {
    ok: false,
    status,
    detail,
    ...(reply === undefined ? {} : { reply }),
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
}

/** Some at a time; the results are in the order of the items. */
async function inTurn<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += TOGETHER) {
    const slice = items.slice(start, start + TOGETHER);
    results.push(...(await Promise.all(slice.map((item, i) => work(item, start + i)))));
    // Others have their turn, however long it takes to say what is wrong with each.
    await nextTurn();
  }
  return results;
}
