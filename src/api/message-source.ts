// Endpoints of messages themselves, while they are kept: in the queue, in the archive of their user, or in the sandbox.
import { z } from 'zod';
import type { Answer } from '../http/exchange.ts';
import { html, source, type Sandbox } from '../http/inbox.ts';
import type { Reader } from '../http/reader.ts';
import type { Principal } from '../model/access.ts';
import { HOME } from '../model/scopes.ts';
import type { Settings } from '../model/settings.ts';
import { keptMessage, type KeptVerbs, type LetterVerbs } from '../verbs/message-kept.ts';
import { NOT_KEPT } from '../verbs/message-resend.ts';
import { endpoint, sent } from './endpoint.ts';
import { ownerOf, sees } from './principal.ts';
import { problem, type Problem } from './problem.ts';

export type MessageSourceApi = KeptVerbs &
  LetterVerbs &
  Readonly<{
    sandbox: Pick<Sandbox, 'get'>;
    reader: Reader;
    settingsNow(): Settings;
  }>;

const MAX_BYTES = 8 * 1024 * 1024;
const params = z.object({ id: z.string().min(1).max(64) });
const WHAT =
  'X-Postino-Shown says what it is: "sent", the letter of the delivery as it left or as it is made again, or "accepted", what came in, where the letter cannot be made again or no single delivery was asked for.';

export const messageSourceEndpoints = [
  endpoint({
    id: 'showMessageSource',
    method: 'GET',
    path: '/messages/:id/source',
    scope: 'messages:read',
    summary: 'The source of a message as text, while it is kept: 256 KiB of it.',
    description: WHAT,
    params,
    produces: 'text/plain',
    run: async ({ principal, params: { id } }, api: MessageSourceApi) => {
      const found = await findMessage(principal, id.toUpperCase(), 'as sent', api);
      return found ? sent(told(source(caughtAs(id, found.raw)), found)) : notKept;
    },
  }),
  endpoint({
    id: 'viewMessage',
    method: 'GET',
    path: '/messages/:id/view',
    scope: 'messages:read',
    summary:
      'A message as its recipient sees it, while it is kept, under a policy that lets it run and load nothing.',
    description: `${WHAT} Links of what is made again lead where they were meant to: to look is no click.`,
    params,
    produces: 'text/html',
    run: async ({ principal, params: { id } }, api: MessageSourceApi) => {
      const found = await findMessage(principal, id.toUpperCase(), 'plain', api);
      return found ? sent(told(await view(found.raw, id, api), found)) : notKept;
    },
  }),
];

export const notKept: Problem = problem(404, 'Not found', NOT_KEPT);

/** `shown`: what its recipient got, or what was accepted. */
export type Found = Readonly<{ raw: Buffer; shown: 'sent' | 'accepted' }>;

/** Its beginning. Undefined: gone, or not to be seen. */
export async function findMessage(
  principal: Principal,
  id: string,
  links: 'as sent' | 'plain',
  api: MessageSourceApi,
): Promise<Found | undefined> {
  const delivery = id.includes('-') ? id : `${id}-1`;
  const caught = await api.sandbox.get(delivery);
  if (caught)
    return isSeen(principal, caught.summary.user, api) ? { raw: caught.raw, shown: 'sent' } : undefined;
  const kept = await keptMessage(api, id, ownerOf(principal));
  if (!kept) return undefined;
  const letter = await api.letterOf(kept, id, links);
  return { raw: (letter ?? kept.body).subarray(0, MAX_BYTES), shown: letter ? 'sent' : 'accepted' };
}

/** Mail of users that are gone is the installation's own. */
function isSeen(principal: Principal, user: string, { settingsNow }: MessageSourceApi): boolean {
  return sees(principal, { account: settingsNow().users.get(user)?.account ?? HOME, user });
}

/** Its HTML; where it has none, its text. */
async function view(raw: Buffer, id: string, api: MessageSourceApi): Promise<Answer> {
  const read = await api.reader.view(raw);
  if (!read.ok || read.value.html !== undefined) return html(api, caughtAs(id, raw));
  return { status: 200, type: 'text/plain; charset=utf-8', policy: 'mail', body: read.value.text ?? '' };
}

/** An answer that says what it shows. */
export function told(answer: Answer, { shown }: Found): Answer {
  return { ...answer, headers: { ...answer.headers, 'x-postino-shown': shown } };
}

function caughtAs(id: string, raw: Buffer): Parameters<typeof source>[0] {
  return { summary: { id, at: 0, from: '', to: '', subject: '', size: raw.length, user: '' }, raw };
}
