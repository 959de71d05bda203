// Endpoints of messages themselves, while they are kept: until their last delivery has ended, or in the sandbox.
import { z } from 'zod';
import type { Transitions } from '../backlog/transitions.ts';
import type { Answer } from '../http/exchange.ts';
import { html, source, type Sandbox } from '../http/inbox.ts';
import type { Reader } from '../http/reader.ts';
import type { Principal } from '../model/access.ts';
import { HOME } from '../model/scopes.ts';
import type { Settings } from '../model/settings.ts';
import type { Submission } from '../model/submission.ts';
import { endpoint, sent } from './endpoint.ts';
import { sees } from './principal.ts';
import { problem, type Problem } from './problem.ts';

export type MessageSourceApi = Readonly<{
  sandbox: Pick<Sandbox, 'get'>;
  reader: Reader;
  transitions: Pick<Transitions, 'readSubmissionOf'>;
  /** The beginning of a message; "" when it is gone. */
  readSource(submission: Submission, maxBytes: number): Promise<string>;
  settingsNow(): Settings;
}>;

const MAX_BYTES = 8 * 1024 * 1024;
const params = z.object({ id: z.string().min(1).max(64) });

export const messageSourceEndpoints = [
  endpoint({
    id: 'showMessageSource',
    method: 'GET',
    path: '/messages/:id/source',
    scope: 'messages:read',
    summary: 'The source of a message as text, while it is kept: 256 KiB of it.',
    params,
    produces: 'text/plain',
    run: async ({ principal, params: { id } }, api: MessageSourceApi) => {
      const raw = await find(principal, id.toUpperCase(), api);
      return raw ? sent(source(caughtAs(id, raw))) : gone;
    },
  }),
  endpoint({
    id: 'viewMessage',
    method: 'GET',
    path: '/messages/:id/view',
    scope: 'messages:read',
    summary:
      'A message as its recipient sees it, while it is kept, under a policy that lets it run and load nothing.',
    params,
    produces: 'text/html',
    run: async ({ principal, params: { id } }, api: MessageSourceApi) => {
      const raw = await find(principal, id.toUpperCase(), api);
      return raw ? sent(await view(raw, id, api)) : gone;
    },
  }),
];

const gone: Problem = problem(
  404,
  'Not found',
  'This message is not kept any more, or never was; what happened to it may be.',
);

/** Its bytes: as they left for the sandbox, else as they came in. Undefined: gone, or not to be seen. */
async function find(principal: Principal, id: string, api: MessageSourceApi): Promise<Buffer | undefined> {
  // All deliveries of a submission know it.
  const delivery = id.includes('-') ? id : `${id}-1`;
  const caught = await api.sandbox.get(delivery);
  if (caught) return isSeen(principal, caught.summary.user, api) ? caught.raw : undefined;
  const submission = await api.transitions.readSubmissionOf(`${principal.account}:${delivery}`);
  if (!submission || !sees(principal, submission)) return undefined;
  const text = await api.readSource(submission, MAX_BYTES);
  return text === '' ? undefined : Buffer.from(text);
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

function caughtAs(id: string, raw: Buffer): Parameters<typeof source>[0] {
  return { summary: { id, at: 0, from: '', to: '', subject: '', size: raw.length, user: '' }, raw };
}
