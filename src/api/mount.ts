// Endpoints become routes: who asks, whether it may, what the request says, and the answer, in this order.
import type { Answer, Ask as HttpAsk, Handle, Route } from '../http/exchange.ts';
import { json, nothing, problem as problemAnswer } from '../http/exchange.ts';
import type { Log } from '../lib/log.ts';
import { RedisTrouble } from '../lib/script.ts';
import type { Principal } from '../model/access.ts';
import { nobody, tooMany, type Authenticate } from './authenticate.ts';
import { sentOf, type Endpoint, type Given } from './endpoint.ts';
import { readJson, type Body } from './json.ts';
import { isProblem, problem, type Problem } from './problem.ts';
import type { Once } from './once.ts';
import type { Bucket } from './rates.ts';

export const ROOT = '/api/v1';

export type MountDeps<C> = Readonly<{
  context: C;
  authenticate: Authenticate;
  /** Requests of each principal. */
  requests: Bucket;
  once: Once;
  log: Log;
}>;

const MAX_BODY_BYTES = 256 * 1024;

export function mountAll<C>(endpoints: readonly Endpoint<C>[], deps: MountDeps<C>): readonly Route[] {
  return endpoints.map((endpoint) => ({
    method: endpoint.method,
    path: `${endpoint.root ?? ROOT}${endpoint.path}`,
    // The endpoint's scope says more than the pages' kinds of access.
    access: 'open',
    bodies: 'any',
    maxBodyBytes: endpoint.maxBodyBytes ?? MAX_BODY_BYTES,
    admit: (ask) => whenRedisAnswers(() => admit(endpoint, ask, deps)),
  }));
}

async function admit<C>(endpoint: Endpoint<C>, ask: HttpAsk, deps: MountDeps<C>): Promise<Answer | Handle> {
  const principal = endpoint.scope === 'open' ? nobody : await deps.authenticate(ask);
  if (isProblem(principal)) return tell(principal);
  if (endpoint.scope !== 'open') {
    const waitMs = deps.requests.take(`${principal.via} ${principal.name}`);
    if (waitMs > 0) return tell(tooMany(waitMs));
  }
  const lacking = lackingScope(endpoint, principal);
  if (lacking) return tell(lacking);
  return (whole) => whenRedisAnswers(() => serve(endpoint, whole, principal, deps));
}

function lackingScope({ scope }: Pick<Endpoint<never>, 'scope'>, principal: Principal): Problem | undefined {
  if (scope === 'open' || scope === 'any' || principal.scopes.has(scope)) return undefined;
  const who = principal.via === 'key' ? 'This key was not made for it' : 'Your role does not include it';
  return problem(403, 'Not allowed', `${who}: it needs the scope "${scope}".`);
}

async function serve<C>(
  endpoint: Endpoint<C>,
  ask: HttpAsk,
  principal: Principal,
  deps: MountDeps<C>,
): Promise<Answer> {
  const body = bodyOf(endpoint, ask);
  if (!body.ok) return tell(body.problem);
  const given = { query: fieldsOf(ask.query), body: body.value, principal, http: ask };
  const answer = await deps.once(principal, ask, () => run(endpoint, given, deps));
  return isProblem(answer) ? tell(answer) : answer;
}

async function run<C>(endpoint: Endpoint<C>, given: Given, { context, log }: MountDeps<C>): Promise<Answer> {
  const { principal, http } = given;
  const done = await endpoint.serve(given, context);
  if (isProblem(done)) return tell(done);
  if (http.method !== 'GET' && endpoint.scope !== 'messages:send' && endpoint.scope !== 'open')
    log.info({ by: principal.name, via: principal.via, what: endpoint.id, path: http.path }, 'API change.');
  const answer = sentOf(done);
  if (answer) return answer;
  const value = 'value' in done ? done.value : undefined;
  if (value === undefined) return nothing;
  return { ...json(value, endpoint.status ?? 200), headers: locationOf(endpoint, value) };
}

/** Where what was made is (RFC 9110 §10.2.2). */
function locationOf(
  { location }: Pick<Endpoint<never>, 'location'>,
  value: unknown,
): Readonly<Record<string, string>> {
  if (location === undefined || typeof value !== 'object' || value === null) return {};
  const path = location.replace(/:([\w.]+)/g, (_, name: string) =>
    encodeURIComponent(String(fieldIn(value, name))),
  );
  return { location: `${ROOT}${path}` };
}

/** A field by its name, or by the names on the way to it, such as "webhook.id". */
function fieldIn(value: unknown, name: string): unknown {
  let field = value;
  for (const part of name.split('.')) field = new Map<string, unknown>(Object.entries(field ?? {})).get(part);
  return field;
}

/** What the body says; undefined for one in a form of its own, and {} for none where there may be fields. */
function bodyOf({ schemas, accepts = [] }: Pick<Endpoint<never>, 'schemas' | 'accepts'>, ask: HttpAsk): Body {
  if (ask.body.length === 0) return { ok: true, value: schemas.body ? {} : undefined };
  if (accepts.includes(ask.type)) return { ok: true, value: undefined };
  if (!schemas.body) return { ok: true, value: undefined };
  if (/^application\/(?:[\w.+-]+\+)?json$/.test(ask.type)) return readJson(ask.body);
  const types = ['application/json', ...accepts].join(' or ');
  return { ok: false, problem: problem(415, 'Unsupported media type', `Send the body as ${types}.`) };
}

/** The query by name; a repeated field is a list. */
function fieldsOf(query: URLSearchParams): Readonly<Record<string, string | readonly string[]>> {
  const names = new Set(query.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

/** A problem as the client gets it (RFC 9457). */
export function tell({ status, title, detail, errors, retryAfterS, reply }: Problem): Answer {
  const more = { ...(errors ? { errors } : {}), ...(reply === undefined ? {} : { reply }) };
  const answer = problemAnswer(status, title, detail, more);
  const headers = {
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer realm="Postino"' } : {}),
  };
  return { ...answer, headers };
}

async function whenRedisAnswers<T>(work: () => Promise<T>): Promise<T | Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RedisTrouble)) throw error;
    return tell(away);
  }
}

const away = problem(503, 'Try again', 'Postino cannot reach its store just now; please try again.', {
  retryAfterS: 5,
});
