// Asks our own API: JSON in and out, a problem as a value with one sentence, and the token that writing needs.

/** What went wrong, as RFC 9457 tells it. `detail` is a sentence for people. */
export type Problem = Readonly<{
  status: number;
  title: string;
  detail: string;
  errors?: readonly Readonly<{ path: string; message: string }>[];
}>;

export type Answer<T> = Readonly<{ ok: true; value: T }> | Readonly<{ ok: false; problem: Problem }>;

type Scalar = string | number | boolean | undefined;
export type Query = Readonly<Record<string, Scalar | readonly string[]>>;

export const BASE = '/api/v1';
const TIMEOUT_MS = 30_000;

let token = '';
let onLoggedOut: () => void = () => undefined;

/** The session's token, which every request that changes something carries. */
export function useToken(value: string): void {
  token = value;
}

/** What to do when the server says that the session is over. */
export function whenLoggedOut(call: () => void): void {
  onLoggedOut = call;
}

/** The address of `path` with the given query; what is undefined or empty is left out. */
export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return `${path.startsWith('/') ? path : `${BASE}/${path}`}${text === '' ? '' : `?${text}`}`;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer<T>> =>
  send<T>('GET', address(path, query), undefined, signal);
export const post = <T>(path: string, body?: unknown): Promise<Answer<T>> =>
  send<T>('POST', address(path), body);
export const patch = <T>(path: string, body: unknown): Promise<Answer<T>> =>
  send<T>('PATCH', address(path), body);
export const put = <T>(path: string, body: unknown): Promise<Answer<T>> =>
  send<T>('PUT', address(path), body);
export const remove = <T>(path: string, query?: Query): Promise<Answer<T>> =>
  send<T>('DELETE', address(path, query));

async function send<T>(
  method: string,
  to: string,
  body?: unknown,
  signal: AbortSignal = AbortSignal.timeout(TIMEOUT_MS),
): Promise<Answer<T>> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-csrf-token'] = token;
  const isFile = body instanceof Blob;
  if (body !== undefined) headers['content-type'] = isFile ? 'text/csv' : 'application/json';
  try {
    const content = body === undefined ? null : isFile ? body : JSON.stringify(body);
    // What is under way when the page is left still arrives.
    const keepalive = method !== 'GET' && content === null;
    return await read<T>(await fetch(to, { method, headers, body: content, signal, keepalive }));
  } catch (error) {
    return { ok: false, problem: { status: 0, title: 'network', detail: String(error) } };
  }
}

async function read<T>(response: Response): Promise<Answer<T>> {
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  if (response.ok) {
    const value: T = isJson ? await response.json() : await response.text();
    return { ok: true, value };
  }
  const told: Partial<Problem> = isJson ? await response.json() : {};
  const { title = response.statusText, detail = response.statusText, errors } = told;
  // A wrong password of one who is logged in is no end of the session.
  if (response.status === 401 && title !== 'Wrong password') onLoggedOut();
  return { ok: false, problem: { status: response.status, title, detail, ...(errors ? { errors } : {}) } };
}
