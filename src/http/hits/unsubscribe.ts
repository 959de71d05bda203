// The unsubscribe address: GET shows a page and changes nothing, POST does what it says, once or again.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RETRY_AFTER, sendPage, sendText } from './answers.ts';
import { MAX_BODY, readBody } from './body.ts';
import { readPosted, type Posted } from './form.ts';
import {
  askPage,
  problemPage,
  resumedPage,
  stoppedPage,
  type Brand,
  type Chosen,
  type Reader,
} from './page.ts';
import { chooseLanguage } from './texts.ts';

export type Visitor = Readonly<{ ip: string; userAgent: string; automatic: boolean }>;

/** unknown: no address of ours · gone: older than they work · later: cannot be done just now. */
export type No = Readonly<{ kind: 'unknown' | 'gone' | 'later' }>;

/** What can be chosen; a topic of the message's own is the one that is meant when nothing is chosen. */
export type Offer = Readonly<{
  kind: 'offer';
  account: string;
  user: string;
  recipient: string;
  /** Address in From; "" when unknown. */
  sender: string;
  topics: readonly string[];
  topic: string | undefined;
  lang: string | undefined;
}>;

type Scope = 'message' | Readonly<{ topics: readonly string[]; all: boolean }>;

export type Unsubscribe = Readonly<{
  look(token: string): Promise<Offer | No>;
  stop(
    token: string,
    order: Readonly<{ how: 'one-click' | 'page'; scope: Scope; visitor: Visitor }>,
  ): Promise<Readonly<{ kind: 'done' }> | No>;
  resume(token: string, scope: Scope): Promise<Readonly<{ kind: 'done' }> | No>;
}>;

export type UnsubscribeDeps = Readonly<{
  unsubscribe: Unsubscribe;
  /** Who a page speaks for: by the sender's address, "" when unknown, and the host that was asked. */
  brandOf(sender: string, host: string): Brand;
  /** What a topic of this user's mail is called for people. */
  topicName(of: Pick<Offer, 'account' | 'user'>, topic: string): string;
}>;

/** A request that was found to be for an address to unsubscribe. */
export type Asked = Readonly<{
  token: string;
  host: string;
  visitor: Visitor;
  request: IncomingMessage;
  response: ServerResponse;
}>;

/** Makes the answer to requests for addresses to unsubscribe. */
export function makeUnsubscribePages(deps: UnsubscribeDeps): (asked: Asked) => Promise<void> {
  return async (asked) => {
    if (asked.request.method !== 'POST') return show(deps, asked);
    const body = await readBody(asked.request);
    if (body === undefined) return tooLong(asked.response);
    const posted = readPosted(body);
    if (posted.kind === 'one-click') return oneClick(deps, asked);
    if (posted.kind === 'nothing') return sendProblem(deps, asked, 'bad');
    return change(deps, asked, posted);
  };
}

async function show(deps: UnsubscribeDeps, asked: Asked): Promise<void> {
  const offer = await deps.unsubscribe.look(asked.token);
  if (offer.kind !== 'offer') return sendProblem(deps, asked, offer.kind);
  const { topics, topic } = offer;
  const chosen = { topics: topics.flatMap((one, i) => (one === topic ? [i] : [])), all: false };
  const shown = { topics: namesOf(deps, offer), chosen, missing: false };
  sendPage(asked.response, askPage(readerOf(deps, asked, offer), shown));
}

/** RFC 8058 §3.1: answered at once, without cookie or redirect; who asks is a program, and reads no page. */
async function oneClick(
  { unsubscribe }: UnsubscribeDeps,
  { token, visitor, response }: Asked,
): Promise<void> {
  const { kind } = await unsubscribe.stop(token, { how: 'one-click', scope: 'message', visitor });
  switch (kind) {
    case 'done':
      return sendText(response, 200, 'Unsubscribed.');
    case 'unknown':
      return sendText(response, 404, 'There is no such address to unsubscribe.');
    case 'gone':
      return sendText(response, 410, 'This address to unsubscribe has expired.');
    case 'later':
      return sendText(response, 503, 'Please try again in a minute.', RETRY_AFTER);
  }
}

async function change(
  deps: UnsubscribeDeps,
  asked: Asked,
  posted: Extract<Posted, Readonly<{ chosen: Chosen }>>,
): Promise<void> {
  const { unsubscribe } = deps;
  const { token, visitor, response } = asked;
  const offer = await unsubscribe.look(token);
  if (offer.kind !== 'offer') return sendProblem(deps, asked, offer.kind);
  const { topics } = offer;
  const chosen = { ...posted.chosen, topics: posted.chosen.topics.filter((place) => place < topics.length) };
  const reader = readerOf(deps, asked, offer);
  const names = namesOf(deps, offer);
  if (!chosen.all && chosen.topics.length === 0)
    return sendPage(response, askPage(reader, { topics: names, chosen, missing: true }));
  const scope = { topics: chosen.topics.map((place) => topics[place] ?? ''), all: chosen.all };
  const { kind } =
    posted.kind === 'stop'
      ? await unsubscribe.stop(token, { how: 'page', scope, visitor })
      : await unsubscribe.resume(token, scope);
  if (kind !== 'done') return sendProblem(deps, asked, kind);
  const page = posted.kind === 'stop' ? stoppedPage : resumedPage;
  sendPage(response, page(reader, names, chosen));
}

function namesOf({ topicName }: UnsubscribeDeps, offer: Offer): readonly string[] {
  return offer.topics.map((topic) => topicName(offer, topic));
}

function readerOf({ brandOf }: UnsubscribeDeps, { host, request }: Asked, offer: Offer): Reader {
  return {
    language: chooseLanguage(request.headers['accept-language'], offer.lang),
    brand: brandOf(offer.sender, host),
    recipient: offer.recipient,
  };
}

function sendProblem(
  { brandOf }: UnsubscribeDeps,
  { host, request, response }: Asked,
  kind: 'unknown' | 'gone' | 'later' | 'bad',
): void {
  const language = chooseLanguage(request.headers['accept-language'], undefined);
  sendPage(response, problemPage(kind, language, brandOf('', host)));
}

function tooLong(response: ServerResponse): void {
  // What still comes is not read: the connection ends with the answer.
  sendText(response, 413, `A request has at most ${MAX_BODY} bytes.`, { connection: 'close' });
}
