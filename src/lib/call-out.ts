// A call to an HTTP address that somebody else chose: never to where it must not go, never for long, never much read.
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';

/** All addresses of a name, or an error. */
export type LookupAll = (
  hostname: string,
  found: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export type CallRules = Readonly<{
  /** http as well, and not only https. */
  plain: boolean;
  /** Ports that may be called; absent: all. */
  ports?: readonly number[];
  /** True for addresses that it must not go to. */
  isForbidden(address: string): boolean;
  /** What to do about a forbidden address that is meant, for people. */
  advice: string;
  /** Default: the system's. */
  lookup?: LookupAll;
  /** Certificates to trust beside the usual ones (PEM). */
  ca?: string;
  /** For all of it: name, connection, TLS, request and answer. */
  timeoutMs?: number;
}>;

export type Call = Readonly<{
  url: string;
  method: 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
}>;

export type Called = Readonly<
  | { ok: true; status: number; excerpt: string; retryAfter: string | undefined }
  | { ok: false; problem: string }
>;

export type Caller = Readonly<{
  /** Calls, and gives the answer whatever its status; a redirect is not followed. Never rejects. */
  call(call: Call, signal?: AbortSignal): Promise<Called>;
  /** Ends connections that were kept. */
  close(): void;
}>;

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const EXCERPT_BYTES = 1024;
const MAX_URL = 2048;
const CONNECTIONS = 8;
const IDLE_MS = 15_000;

/** Makes a caller. kept: connections are used again, for those who call often. */
export function makeCaller(rules: CallRules, connections: 'kept' | 'closed'): Caller {
  const kept = { keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS, timeout: IDLE_MS };
  const agents =
    connections === 'kept' ? { http: new PlainAgent(kept), https: new SecureAgent(kept) } : undefined;
  const call: Caller['call'] = async (asked, stop) => {
    const problem = wrongUrl(asked.url, rules);
    if (problem !== undefined) return { ok: false, problem };
    const url = new URL(asked.url);
    const timeoutMs = rules.timeoutMs ?? TIMEOUT_MS;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = stop ? AbortSignal.any([stop, timeout]) : timeout;
    const agent = url.protocol === 'https:' ? agents?.https : agents?.http;
    try {
      return await exchange({ url, asked, rules, signal, agent });
    } catch (error) {
      if (!(error instanceof Error)) return { ok: false, problem: String(error) };
      if (timeout.aborted) return { ok: false, problem: `no answer within ${timeoutMs / 1000} s` };
      return { ok: false, problem: messageOf(error) };
    }
  };
  return {
    call,
    close: () => {
      agents?.http.destroy();
      agents?.https.destroy();
    },
  };
}

/** Why a URL may not be called; undefined: it may, as far as it shows. */
export function wrongUrl(text: string, { plain, ports, isForbidden, advice }: CallRules): string | undefined {
  if (text.length > MAX_URL) return `the URL is longer than ${MAX_URL} characters`;
  const url = readUrl(text);
  if (!url) return 'that is not a URL';
  if (url.protocol !== 'https:' && !(plain && url.protocol === 'http:'))
    return plain ? 'the URL must begin with https:// or http://' : 'the URL must begin with https://';
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (ports && !ports.includes(port))
    return `the URL must not use port ${port}; it may use ${[...ports].sort((a, b) => a - b).join(', ')}`;
  // An address in the URL itself is never looked up.
  const host = hostOf(url);
  return isIP(host) !== 0 && isForbidden(host) ? sayForbidden(host, advice) : undefined;
}

/** At most one "@" before the path: what stands before it is a secret. */
const WRITTEN = /^https?:\/\/[^\s\p{Cc}/\\?#@]*(?:@[^\s\p{Cc}/\\?#@]*)?(?:[/?#][^\s\p{Cc}]*)?$/iu;

/** The standard's reader takes "https:/\\user:password@host", too, in which no password would be found. */
function readUrl(text: string): URL | null {
  return /^\s*https?:/i.test(text) && !WRITTEN.test(text) ? null : URL.parse(text);
}

type Exchange = Readonly<{
  url: URL;
  asked: Call;
  rules: CallRules;
  signal: AbortSignal;
  agent: PlainAgent | undefined;
}>;

async function exchange(given: Exchange): Promise<Called> {
  let reused = false;
  try {
    return await attempt(given, (request) => (reused = request.reusedSocket));
  } catch (error) {
    // The other end may have closed a kept connection just as we used it.
    if (!reused || !given.agent || given.signal.aborted || !isReset(error)) throw error;
    return attempt({ ...given, agent: undefined }, () => undefined);
  }
}

function attempt(
  { url, asked, rules, signal, agent }: Exchange,
  ended: (request: ClientRequest) => void,
): Promise<Called> {
  const send = url.protocol === 'https:' ? secureRequest : plainRequest;
  const bytes = asked.body === undefined ? undefined : Buffer.from(asked.body);
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: asked.method,
      headers: {
        ...asked.headers,
        'accept-encoding': 'identity',
        ...(bytes ? { 'content-length': bytes.length } : {}),
      },
      agent: agent ?? false,
      lookup: guarded(rules),
      signal,
      ...(rules.ca === undefined ? {} : { ca: rules.ca }),
    });
    const fail = (error: Error): void => {
      ended(request);
      reject(error);
    };
    request.once('error', fail);
    const closed = (): void => fail(new Error('the connection was closed without an answer'));
    request.once('close', closed);
    request.once('response', (response) => {
      request.off('error', fail).off('close', closed);
      request.on('error', () => undefined);
      readAnswer(response, resolve);
    });
    request.end(bytes);
  });
}

/** The status is what counts, so that a body that is too long or too slow is cut and does no harm. */
function readAnswer(response: IncomingMessage, resolve: (called: Called) => void): void {
  const start: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    if (size < EXCERPT_BYTES) start.push(chunk.subarray(0, EXCERPT_BYTES - size));
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) response.destroy();
  });
  response.once('error', () => undefined);
  response.once('close', () =>
    resolve({
      ok: true,
      status: response.statusCode ?? 0,
      excerpt: printable(Buffer.concat(start).toString('utf8')),
      retryAfter: response.headers['retry-after'],
    }),
  );
}

/** The look-up of the connection itself: what was looked at before it could be another address by then. */
function guarded({ isForbidden, advice, lookup = lookupAll }: CallRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, (error, found) => {
      const bad = error ? undefined : found.find(({ address }) => isForbidden(address));
      const wanted = found.filter(({ family }) => !options.family || family === options.family);
      const [first] = error ? [] : wanted;
      if (error || bad || !first)
        return callback(
          error ?? new Error(bad ? sayForbidden(bad.address, advice) : `${hostname} has no address`),
          '',
          0,
        );
      if (options.all) return callback(null, [...wanted]);
      return callback(null, first.address, first.family);
    });
  };
}

/** By the system: the DNS, and what this host knows besides. It has few threads, which a silent name server holds. */
export const lookupAll: LookupAll = (hostname, found) => {
  systemLookup(hostname, { all: true }, (error, addresses) => found(error, error ? [] : addresses));
};

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function sayForbidden(address: string, advice: string): string {
  return `${address} is a private address${advice === '' ? '' : `; ${advice}`}`;
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** Several addresses that all failed come as one error without a text of its own. */
function messageOf(error: Error): string {
  if (!(error instanceof AggregateError) || error.message !== '') return error.message;
  return error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ');
}

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ');
}
