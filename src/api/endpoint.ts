// What an endpoint of the API is: an entry of a table, of which the server, its checks and the OpenAPI document are made.
import type { z } from 'zod';
import type { Answer, Ask as HttpAsk } from '../http/exchange.ts';
import type { Principal } from '../model/access.ts';
import { invalid, isProblem, problem, type Fault, type Problem } from './problem.ts';
import type { Scope } from './scopes.ts';

/** A request as `run` sees it: its parts as the schemas give them, and who asks. */
export type Ask<P = undefined, Q = undefined, B = undefined> = Readonly<{
  params: P;
  query: Q;
  body: B;
  principal: Principal;
  /** The request itself, for headers and bodies that are not JSON. */
  http: HttpAsk;
}>;

/** A value as an answer may hold it: read-only all the way down. */
export type Shown<T> = T extends readonly (infer One)[]
  ? readonly Shown<One>[]
  : T extends object
    ? { readonly [Key in keyof T]: Shown<T[Key]> }
    : T;

type Schema<T> = z.ZodType<T>;

type Outline = Readonly<{
  /** Names the operation in generated clients, such as "addUser". */
  id: string;
  /** Words of the commands that do the same, such as "user add". */
  verb?: string | readonly string[];
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1 unless `root` says otherwise, such as "/users/:name". */
  path: string;
  root?: string;
  /** What a key must be made for. "any": whoever is known; "open": whoever asks, and then `principal` is nobody. */
  scope: Scope | 'any' | 'open';
  /** A sentence for the documentation. */
  summary: string;
  /** More of it. */
  description?: string;
  /** Status of a good answer; default 200, and 204 where there is no `answer`. */
  status?: number;
  /** Where what was made is, with fields of the answer in it, such as "/users/:name" or "/webhooks/:webhook.id": for the field Location. */
  location?: string;
  /** How long a body may be; default 256 KiB. */
  maxBodyBytes?: number;
  /** Media types that are taken besides JSON, or instead of it where `body` is absent; `ask.http.body` has the bytes. */
  accepts?: readonly string[];
  /** Media type of good answers that are not JSON. */
  produces?: string;
  /** What failures look like that `run` tells in a form of its own; default: problem+json. */
  failure?: z.ZodType;
}>;

export type Spec<C, P, Q, B, A> = Outline &
  Readonly<{
    params?: Schema<P>;
    /** All fields are texts: numbers want `z.coerce`. A repeated one is a list. */
    query?: Schema<Q>;
    body?: Schema<B>;
    /** What it answers. Fields that it does not name are left out of the answer. */
    answer?: z.ZodType<unknown, A>;
    run(ask: Ask<P, Q, B>, context: C): Promise<Shown<NoInfer<A>> | Problem | Sent>;
  }>;

/** An entry of the table, whatever its types are. */
export type Endpoint<C> = Outline &
  Readonly<{
    schemas: Readonly<{
      params: z.ZodType | undefined;
      query: z.ZodType | undefined;
      body: z.ZodType | undefined;
      answer: z.ZodType | undefined;
    }>;
    /** Reads the request's parts, does it, and fits the answer to its schema. Throws when that does not fit. */
    serve(given: Given, context: C): Promise<Problem | Sent | Readonly<{ value: unknown }>>;
  }>;

/** A request whose parts nobody has read yet. */
export type Given = Readonly<{ query: unknown; body: unknown; principal: Principal; http: HttpAsk }>;

const SENT = Symbol('sent');

/** An answer in a form of its own: a file, a page of text, a stream. */
export type Sent = Readonly<{ [SENT]: Answer }>;

export function sent(answer: Answer): Sent {
  return { [SENT]: answer };
}

/** The answer, where a value is one in a form of its own. */
export function sentOf(value: unknown): Answer | undefined {
  return isSent(value) ? value[SENT] : undefined;
}

function isSent(value: unknown): value is Sent {
  return typeof value === 'object' && value !== null && SENT in value;
}

/** An entry of an endpoint table. `run` gets what the schemas made of the request, and answers a value or a problem. */
export function endpoint<C, P = undefined, Q = undefined, B = undefined, A = undefined>(
  spec: Spec<C, P, Q, B, A>,
): Endpoint<C> {
  const { params, query, body, answer, run, ...outline } = spec;
  return {
    ...outline,
    schemas: { params, query, body, answer },
    serve: async (given, context) => {
      const { principal, http } = given;
      const readParams = read(params, http.params, 'path');
      // What cannot be a name of anything is not there.
      if (!readParams.ok) return problem(404, 'Not found', 'There is nothing at this address.');
      const readQuery = read(query, given.query, 'query');
      const readBody = read(body, given.body, 'body');
      if (!readQuery.ok || !readBody.ok) return refuse([readQuery, readBody]);
      const ask = { params: readParams.value, query: readQuery.value, body: readBody.value, principal, http };
      const value = await run(ask, context);
      if (isProblem(value) || isSent(value)) return value;
      return { value: answer ? answer.parse(value) : undefined };
    },
  };
}

type Read<T> = Readonly<{ ok: true; value: T } | { ok: false; faults: readonly Fault[] }>;

/** A part without a schema is undefined, as its type says. */
function read<T>(schema: Schema<T> | undefined, value: unknown, part: string): Read<T>;
function read(schema: Schema<unknown> | undefined, value: unknown, part: string): Read<unknown> {
  const found = schema?.safeParse(value);
  if (!found) return { ok: true, value: undefined };
  if (found.success) return { ok: true, value: found.data };
  return { ok: false, faults: faultsOf(found.error.issues, part) };
}

const MAX_FAULTS = 50;

type Issue = z.core.$ZodIssue;

/** What is wrong, each with its place below `part`. */
export function faultsOf(issues: readonly Issue[], part: string): readonly Fault[] {
  return issues
    .flatMap(clearest)
    .flatMap(namedKeys)
    .slice(0, MAX_FAULTS)
    .map((issue) => ({ path: [part, ...issue.path.map(String)].join('.'), message: sayIssue(issue) }));
}

type Said = Pick<Issue, 'path' | 'message'> & Readonly<{ expected?: string }>;

/** Names that are not known, or cannot be names, are told by their own path. */
function namedKeys(issue: Issue): readonly Said[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a field that we know' }));
  if (issue.code !== 'invalid_key') return [issue];
  return issue.issues.map(({ message }) => ({ path: issue.path, message }));
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** The library speaks of types of its own language; people read of JSON. */
function sayIssue({ message, expected = '' }: Said): string {
  const kind = KINDS[expected];
  if (kind === undefined || !message.startsWith('Invalid input: expected ')) return message;
  if (message.endsWith('received undefined')) return 'is missing';
  return `${message.endsWith('received NaN') ? 'is missing or not' : 'must be'} ${kind}`;
}

/** Of several ways to say something, the one that was meant: it has the fewest mistakes, and the deepest. */
function clearest(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const ways = issue.errors.map((own) => own.flatMap(clearest));
  const depth = (way: readonly Issue[]): number => Math.max(0, ...way.map(({ path }) => path.length));
  const [best = []] = ways.toSorted((a, b) => a.length - b.length || depth(b) - depth(a));
  return best.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

function refuse(reads: readonly Read<unknown>[]): Problem {
  const faults = reads.flatMap((one) => (one.ok ? [] : one.faults));
  const first = faults[0];
  const words = first === undefined ? 'it does not fit' : `${first.path}: ${first.message}`;
  return invalid(`The request is not as it must be: ${words}.`, faults);
}
