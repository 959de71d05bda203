// Requests and answers as the routes see them, whatever the HTTP library. Pure.
import type { Readable } from 'node:stream';

/** A request, already bounded in size and time by the server. */
export type Ask = Readonly<{
  method: string;
  /** Path without the query. */
  path: string;
  /** Parts of the path, by the names in the route's pattern. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** A header's value by its name in lower case; undefined when absent or repeated. */
  header(name: string): string | undefined;
  /** Media type of the body in lower case, without parameters; "" when there is none. */
  type: string;
  /** The body's bytes; empty while it has not been read. */
  body: Buffer;
  /** Fields of a form; empty for other requests. */
  form: URLSearchParams;
  /** Address of the peer's socket. */
  peer: string;
}>;

export type Answer = Readonly<{
  status: number;
  /** Content-Type. */
  type: string;
  /** A stream is ended when the client goes away. */
  body: string | Buffer | Readable;
  headers?: Readonly<Record<string, string>>;
  /** Which policy a browser applies; default "data". */
  policy?: PolicyName;
}>;

/** page: our own pages · data: everything that is not a document · mail: a stranger's HTML in a sandboxed frame. */
export type PolicyName = 'page' | 'data' | 'mail';

/** open: for everybody, or the route looks itself · metrics: for this host, and for members who see the whole installation. */
export type Access = 'open' | 'metrics';

export type Handle = (ask: Ask) => Promise<Answer>;

export type Route = Readonly<{
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Such as "/api/v1/users/:name". */
  path: string;
  access: Access;
  /** How long a body may be; default 16 KiB. */
  maxBodyBytes?: number;
  /** Default "form": everything else is answered with 415. any: the route looks itself. */
  bodies?: 'form' | 'any';
}> &
  Readonly<
    | { handle: Handle }
    /** Looks at the request before its body is read: who is refused here costs no memory. */
    | { admit(ask: Ask): Promise<Answer | Handle> }
  >;

export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

/** RFC 9457. `detail` is one sentence: what happened, what to do. */
export function problem(
  status: number,
  title: string,
  detail: string,
  more: Readonly<Record<string, unknown>> = {},
): Answer {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, ...more });
  return { status, type: 'application/problem+json; charset=utf-8', body };
}

export const nothing: Answer = { status: 204, type: 'text/plain; charset=utf-8', body: '' };
