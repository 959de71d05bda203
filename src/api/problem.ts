// What an endpoint answers when it cannot do what it was asked: a value, told as problem+json (RFC 9457). Pure.

const PROBLEM = Symbol('problem');

/** One thing that is wrong in a request: where, and what it must be. */
export type Fault = Readonly<{ path: string; message: string }>;

export type More = Readonly<{
  /** All that is wrong with the request's fields. */
  errors?: readonly Fault[];
  /** When to try again, seconds. */
  retryAfterS?: number;
  /** What SMTP would answer. */
  reply?: string;
}>;

export type Problem = Readonly<{
  [PROBLEM]: true;
  status: number;
  /** Two or three words. */
  title: string;
  /** One sentence: what happened, what to do. */
  detail: string;
}> &
  More;

export function problem(status: number, title: string, detail: string, more: More = {}): Problem {
  return { [PROBLEM]: true, status, title, detail, ...more };
}

/** For what is not there, and for what is somebody else's: who asks cannot tell these apart. */
export function notFound(what: string): Problem {
  return problem(404, 'Not found', `There is no such ${what}.`);
}

/** The request can be read and not be done as things are, such as a name that is taken. */
export function conflict(detail: string): Problem {
  return problem(409, 'Conflict', detail);
}

/** The request makes no sense; `errors` say where. */
export function invalid(detail: string, errors?: readonly Fault[]): Problem {
  return problem(422, 'Invalid request', detail, errors ? { errors } : {});
}

export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && PROBLEM in value;
}
