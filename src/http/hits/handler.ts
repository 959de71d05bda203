// The public side: /t/c/ links, /t/o/ pixels, /t/u/ unsubscribing, for hosts of ours, and nothing else.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../lib/log.ts';
import { sendPage, sendPixel, sendRedirect, sendText } from './answers.ts';
import { makeOrigin, type Origin } from './hosts.ts';
import { problemPage } from './page.ts';
import { chooseLanguage } from './texts.ts';
import { makeUnsubscribePages, type UnsubscribeDeps, type Visitor } from './unsubscribe.ts';

export type ClickAnswer =
  | Readonly<{ kind: 'go'; location: string }>
  | Readonly<{ kind: 'unknown' | 'gone' | 'later' }>;

export type HandlerDeps = UnsubscribeDeps &
  Readonly<{
    log: Log;
    /** Proxies that are believed, addresses and networks. */
    trustProxy: readonly string[];
    /** `host` is in lower case, without port. */
    isOurHost(host: string): boolean;
    /** Answers at once where it can: that is the way of nearly all. Never rejects. */
    click(token: string, host: string, visitor: Visitor): ClickAnswer | Promise<ClickAnswer>;
    open(token: string, visitor: Visitor): void;
  }>;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The absolute form is allowed (RFC 9112 §3.2.2); what follows "?" was put there by others. */
const PATH = /^(?:https?:\/\/[^/]*)?\/t\/([cou])\/([\w-]+)(?:\.gif)?(?:\?.*)?$/i;
const METHODS: Readonly<Record<string, readonly string[]>> = {
  c: ['GET', 'HEAD'],
  o: ['GET', 'HEAD'],
  u: ['GET', 'HEAD', 'POST'],
};
const MAX_USER_AGENT = 512;

/** Makes the handler of all requests to the public listener. */
export function makeHandler(deps: HandlerDeps): Handler {
  const originOf = makeOrigin(deps.trustProxy);
  const unsubscribePages = makeUnsubscribePages(deps);
  return (request, response) => {
    const origin = originOf({
      peer: request.socket.remoteAddress ?? '',
      header: (name) => field(request, name),
    });
    if (!deps.isOurHost(origin.host)) return sendText(response, 421, 'This host is not served here.');
    const [, kind = '', token = ''] = PATH.exec(request.url ?? '') ?? [];
    const methods = METHODS[kind];
    if (!methods) return sendText(response, 404, 'There is nothing at this address.');
    if (!methods.includes(request.method ?? ''))
      return sendText(response, 405, 'This address does not know that method.', {
        allow: methods.join(', '),
      });
    const visitor = visitorOf(request, origin);
    if (kind === 'o') {
      deps.open(token, visitor);
      return sendPixel(response);
    }
    const { host } = origin;
    const work =
      kind === 'c'
        ? click(deps, { token, host, visitor, request, response })
        : unsubscribePages({ token, host, visitor, request, response });
    work?.catch((error: unknown) => fail(deps, response, error));
  };
}

type Asked = Parameters<ReturnType<typeof makeUnsubscribePages>>[0];

/** Undefined when it was answered at once. */
function click(deps: HandlerDeps, asked: Asked): Promise<void> | undefined {
  const answer = deps.click(asked.token, asked.host, asked.visitor);
  if (answer instanceof Promise) return answer.then((late) => answerClick(deps, asked, late));
  answerClick(deps, asked, answer);
  return undefined;
}

function answerClick(
  { brandOf }: HandlerDeps,
  { host, request, response }: Asked,
  answer: ClickAnswer,
): void {
  if (answer.kind === 'go') return sendRedirect(response, answer.location);
  const language = chooseLanguage(request.headers['accept-language'], undefined);
  sendPage(response, problemPage(answer.kind, language, brandOf('', host)));
}

/** HEAD, and a browser that fetches ahead of its reader, are no person's doing. */
function visitorOf(request: IncomingMessage, { ip }: Origin): Visitor {
  const purpose = `${field(request, 'sec-purpose') ?? ''} ${field(request, 'purpose') ?? ''} ${field(request, 'x-moz') ?? ''}`;
  return {
    ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
    automatic: request.method === 'HEAD' || /\b(?:prefetch|prerender|preview)\b/i.test(purpose),
  };
}

function field(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join() : value;
}

function fail({ log }: HandlerDeps, response: ServerResponse, error: unknown): void {
  log.error(
    { error: error instanceof Error ? error.stack : String(error) },
    'A request of a visitor failed.',
  );
  if (response.headersSent) response.destroy();
  else sendText(response, 500, 'Something went wrong on our side. Please try again.');
}
