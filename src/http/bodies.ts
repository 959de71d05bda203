// Bodies of requests: which kinds are read, and how much of them there may be in memory at a time.

export const FORM = 'application/x-www-form-urlencoded';
/** Without a word of the route. */
export const MAX_BODY_BYTES = 16 * 1024;
/** Of all large bodies together. */
const MAX_TOGETHER = 256 * 1024 * 1024;
/** And of those from one address, so that nobody takes up all the room. */
const MAX_OF_ONE = MAX_TOGETHER / 2;
/** Shorter ones are not counted: connections are bounded. */
const LARGE = 64 * 1024;

/** The kinds that are read, as bytes; everything else is answered with 415. */
const TYPES: readonly (string | RegExp)[] = [
  FORM,
  /^application\/(?:[\w.+-]+\+)?json(?:;|$)/,
  'application/xml',
  'message/rfc822',
  'text/csv',
  'text/plain',
  'text/xml',
];

/** The part of the server that is used. */
type App = Readonly<{
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string | RegExp,
    options: Readonly<{ parseAs: 'buffer' }>,
    parser: (request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => void,
  ): unknown;
}>;

export function readBodies(app: App): void {
  app.removeAllContentTypeParsers();
  for (const type of TYPES)
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
}

type Request = Readonly<{
  headers: Readonly<Record<string, unknown>>;
  socket: Readonly<{ remoteAddress?: string | undefined }>;
}>;
/** Where the answer goes: closed once the request has ended, well or not. */
type Response = Readonly<{ once(event: 'close', listener: () => void): unknown }>;

/** Counts large bodies from the moment on that a request is let in until it has been answered. False: no room. */
export function bodyRoom(): (request: Request, response: Response, maxBytes: number) => boolean {
  const held = new Map<string, number>();
  let all = 0;
  return ({ headers, socket }, response, maxBytes) => {
    const isChunked = headers['transfer-encoding'] !== undefined;
    const bytes = isChunked ? maxBytes : Math.min(Number(headers['content-length'] ?? 0), maxBytes);
    if (bytes < LARGE) return true;
    const peer = socket.remoteAddress ?? '';
    const own = held.get(peer) ?? 0;
    if (all + bytes > MAX_TOGETHER || own + bytes > MAX_OF_ONE) return false;
    all += bytes;
    held.set(peer, own + bytes);
    response.once('close', () => {
      all -= bytes;
      const left = (held.get(peer) ?? 0) - bytes;
      if (left > 0) held.set(peer, left);
      else held.delete(peer);
    });
    return true;
  };
}
