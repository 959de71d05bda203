// Endpoints of what is kept of a message: whether it is, and sending it again.
import { z } from 'zod';
import { resentSchema, type ResentNotes } from '../store/archive/resent.ts';
import { messageOf } from '../verbs/history.ts';
import { submissionOf, whereKept, type WhereVerbs } from '../verbs/message-kept.ts';
import { resend, type Resending, type ResendVerbs } from '../verbs/message-resend.ts';
import { endpoint } from './endpoint.ts';
import { nameOfRequest, problemOf, tellTaken } from './hand-in.ts';
import { notKept, type MessageSourceApi } from './message-source.ts';
import { ownerOf } from './principal.ts';
import { invalid, notFound, type Problem } from './problem.ts';

export type MessagesKeptApi = Omit<ResendVerbs, 'resent'> &
  MessageSourceApi &
  WhereVerbs &
  Readonly<{ resent: ResentNotes }>;

const params = z.object({ id: z.string().min(1).max(64) });

const taken = z.object({
  id: z.string().describe('Id of the new message.'),
  accepted: z.array(z.string()).describe('Recipients that get it.'),
  refused: z
    .array(z.object({ address: z.string(), detail: z.string(), reply: z.string() }))
    .describe('Recipients that do not.'),
});

export const messagesKeptEndpoints = [
  endpoint({
    id: 'showKept',
    method: 'GET',
    path: '/messages/:id/kept',
    scope: 'messages:read',
    summary: 'Whether a message is still kept, and as which it was sent again.',
    params,
    answer: z.object({
      where: z
        .enum(['queue', 'archive'])
        .optional()
        .describe('Absent: it is gone, and cannot be sent again.'),
      until: z.number().optional().describe('How long the archive keeps it, epoch milliseconds.'),
      resent: z.array(resentSchema),
    }),
    run: async ({ principal, params: { id } }, api: MessagesKeptApi) => {
      const wanted = id.toUpperCase();
      const owner = ownerOf(principal);
      const kept = await whereKept(api, wanted, owner);
      if (!kept && !(await messageOf(api, wanted, owner))) return notFound('message');
      const notes = await api.resent.list(principal.account, submissionOf(wanted));
      const resent = notes.filter(({ of }) => isAbout(of, wanted));
      const until =
        kept?.endedAt === undefined ? undefined : kept.endedAt + archiveOf(api, kept.submission.user);
      return { ...(kept ? { where: kept.where } : {}), ...(until === undefined ? {} : { until }), resent };
    },
  }),
  endpoint({
    id: 'resendMessage',
    verb: 'message resend',
    method: 'POST',
    path: '/messages/:id/resend',
    scope: 'messages:send',
    summary: 'Sends a message again, to all its recipients, or one delivery of it.',
    description:
      'A new message with the same content and treatment, and an id of its own. Suppressions, limits and what its user may do are as they are now.',
    params,
    body: z.strictObject({
      to: z.string().min(1).max(320).optional().describe('Gets it instead of the only recipient.'),
    }),
    answer: taken,
    status: 202,
    location: '/messages/:id',
    run: async ({ principal, params: { id }, body, http }, api: MessagesKeptApi) => {
      // So that a repetition after we died over it is not sent again.
      const key = nameOfRequest(principal, http);
      const owner = ownerOf(principal);
      return answerOf(await resend(api, { id, to: body.to, owner, peer: http.peer, key }));
    },
  }),
];

function archiveOf({ settingsNow }: MessagesKeptApi, user: string): number {
  return settingsNow().users.get(user)?.archive ?? 0;
}

/** What was done with the whole message was done with each of its deliveries. */
function isAbout(of: string, wanted: string): boolean {
  return of === wanted || of === submissionOf(wanted) || submissionOf(of) === wanted;
}

function answerOf(done: Resending): z.output<typeof taken> | Problem {
  if (done.ok) return tellTaken(done.handed);
  switch (done.why) {
    case 'refused':
      return problemOf(done.handed.reply, done.handed.refused);
    case 'unknown':
      return notFound('message');
    case 'gone':
      return { ...notKept, detail: done.problem };
    case 'unclear':
      return invalid(done.problem);
  }
}
