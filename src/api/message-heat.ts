// Endpoints of where a mail is clicked: the mail itself with its links marked, of one message or of a campaign.
import { z } from 'zod';
import { markLinks, type LinkClicks } from '../compose/html/heat.ts';
import type { Answer } from '../http/exchange.ts';
import type { Principal } from '../model/access.ts';
import { messageOf, type HistoryVerbs } from '../verbs/history.ts';
import { clicksIn, clicksOfCampaign, newestOf } from '../verbs/message-heat.ts';
import { keptMessage } from '../verbs/message-kept.ts';
import { endpoint, sent } from './endpoint.ts';
import { moment } from './moment.ts';
import { findMessage, notKept, told, type Found, type MessageSourceApi } from './message-source.ts';
import { noHistory } from './messages-read.ts';
import { ownerOf } from './principal.ts';
import { notFound, problem, type Problem } from './problem.ts';

export type MessageHeatApi = MessageSourceApi & HistoryVerbs;

const WHAT =
  'Each link begins with its clicks and its share of all, as text and as a shade. Nothing runs or is loaded.';

export const messageHeatEndpoints = [
  endpoint({
    id: 'showMessageHeat',
    method: 'GET',
    path: '/messages/:id/heat',
    scope: 'messages:read',
    summary: 'A message with its links marked by their clicks, while it is kept.',
    description: WHAT,
    params: z.object({ id: z.string().min(1).max(64) }),
    produces: 'text/html',
    run: async ({ principal, params: { id } }, api: MessageHeatApi) => {
      const wanted = id.toUpperCase();
      const story = await messageOf(api, wanted, ownerOf(principal));
      if (!story) return notFound('message');
      const found = await findPlain(principal, wanted, api);
      return found ? marked(found, clicksIn(story), api) : notKept;
    },
  }),
  endpoint({
    id: 'showCampaignHeat',
    method: 'GET',
    path: '/campaigns/:name/heat',
    scope: 'messages:read',
    summary:
      'A message of a campaign that is still kept, with its links marked by the clicks of the whole campaign.',
    description: WHAT,
    params: z.object({ name: z.string().min(1).max(255) }),
    query: z.object({ since: moment, until: moment }),
    produces: 'text/html',
    run: async ({ principal, params: { name }, query }, api: MessageHeatApi) => {
      const of = { campaign: name, ...query, owner: ownerOf(principal) };
      const clicks = await clicksOfCampaign(api, of);
      if (!clicks) return noHistory;
      const ids = await newestOf(api, of);
      if (ids.length === 0) return notFound('campaign');
      for (const id of ids) {
        const found = await findPlain(principal, id, api);
        if (found) return marked(found, clicks, api);
      }
      return noneKept;
    },
  }),
];

const noneKept: Problem = problem(
  404,
  'Not found',
  'No message of this campaign is kept any more. For those to come, set "archive" of the user, such as 30d.',
);
const noHtml: Problem = problem(404, 'Not found', 'This message has no HTML in which links could be marked.');

/** With links that lead where they were meant to, as the statistics know them, before a letter with our own. */
async function findPlain(principal: Principal, id: string, api: MessageHeatApi): Promise<Found | undefined> {
  const kept = await keptMessage(api, id, ownerOf(principal));
  if (!kept) return findMessage(principal, id, 'plain', api);
  const letter = await api.letterOf(kept, id, 'plain');
  return { raw: letter ?? kept.body, shown: letter ? 'sent' : 'accepted' };
}

async function marked(
  found: Found,
  clicks: readonly LinkClicks[],
  { reader }: MessageHeatApi,
): Promise<ReturnType<typeof sent> | Problem> {
  const read = await reader.view(found.raw);
  if (!read.ok) return problem(422, 'Unreadable message', read.problem);
  if (read.value.html === undefined) return noHtml;
  const body = markLinks(read.value.html, clicks);
  const answer: Answer = { status: 200, type: 'text/html; charset=utf-8', policy: 'mail', body };
  return sent(told(answer, found));
}
