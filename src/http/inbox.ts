// What the page at "/" asks for: how to connect, the queue's state, the sandbox's mail. For that page alone.
import type { EpochMs } from '../lib/clock.ts';
import { json, nothing, problem, type Answer, type Ask, type Route } from './exchange.ts';
import type { Reader } from './reader.ts';
import type { Session } from './session.ts';

/** A message that the sandbox caught: its envelope, and what its header says. */
export type CaughtEntry = Readonly<{
  id: string;
  at: EpochMs;
  from: string;
  to: string;
  subject: string;
  size: number;
  user: string;
}>;

export type Caught = Readonly<{ summary: CaughtEntry; raw: Buffer }>;

export type Sandbox = Readonly<{
  /** Newest first, from `offset` on. */
  list(offset: number, count: number): Promise<Readonly<{ total: number; messages: readonly CaughtEntry[] }>>;
  get(id: string): Promise<Caught | undefined>;
  remove(id: string): Promise<boolean>;
  clear(): Promise<void>;
}>;

export type ConnectInfo = Readonly<{
  /** Name or address that clients should use. */
  host: string;
  listeners: readonly Readonly<{ port: number; tls: 'none' | 'starttls' | 'implicit' }>[];
  /** Users, each with an address that it may send from. */
  users: readonly Readonly<{ name: string; from: string }>[];
  /** Where the passwords are, for the reader's eye: "in data/first-run". */
  passwords: string;
  /** True while all mail is caught and none is sent. */
  sandboxed: boolean;
}>;

/** Deliveries that have not ended, by transport. */
export type QueueState = readonly Readonly<{
  transport: string;
  waiting: number;
  sending: number;
  paused: number;
}>[];

export type InboxDeps = Readonly<{
  sandbox: Sandbox;
  connectInfo(): Promise<ConnectInfo>;
  queueState(): Promise<QueueState>;
  reader: Reader;
  session(ask: Ask): Promise<Session | undefined>;
}>;

const PAGE = 50;
const MAX_PAGE = 500;
const SOURCE_BYTES = 256 * 1024;
const BASE = '/page/sandbox';
const gone = problem(404, 'Not found', 'There is no such message any more; it was deleted or too old.');
export const remotePattern =
  /(?:src|background|srcset|poster|href)\s*=\s*["']?\s*(?:https?:)?\/\/|url\(\s*["']?\s*(?:https?:)?\/\/|@import/i;

export function inboxRoutes(deps: InboxDeps): readonly Route[] {
  const { sandbox } = deps;
  const one = (path: string, answer: (message: Caught, ask: Ask) => Promise<Answer>): Route => ({
    method: 'GET',
    path: `${BASE}/:id${path}`,
    access: 'reader',
    handle: async (ask) => {
      const message = await sandbox.get(ask.params['id'] ?? '');
      return message ? answer(message, ask) : gone;
    },
  });
  return [
    { method: 'GET', path: '/page/overview', access: 'reader', handle: (ask) => overview(deps, ask) },
    { method: 'GET', path: BASE, access: 'reader', handle: (ask) => list(deps, ask) },
    one('', (message) => view(deps, message)),
    one('/html', (message) => html(deps, message)),
    one('/source', (message) => Promise.resolve(source(message))),
    one('/raw', (message) => Promise.resolve(download(`${message.summary.id}.eml`, message.raw))),
    one('/attachments/:n', (message, ask) => attachment(deps, message, Number(ask.params['n'] ?? '0'))),
    {
      method: 'DELETE',
      path: `${BASE}/:id`,
      access: 'writer',
      handle: async (ask) => ((await sandbox.remove(ask.params['id'] ?? '')) ? nothing : gone),
    },
    {
      method: 'DELETE',
      path: BASE,
      access: 'writer',
      handle: () => sandbox.clear().then(() => nothing),
    },
  ];
}

async function overview({ connectInfo, queueState, session }: InboxDeps, ask: Ask): Promise<Answer> {
  const [connect, queue, mine] = await Promise.all([connectInfo(), queueState(), session(ask)]);
  return json({ connect, queue, token: mine?.token });
}

async function list({ sandbox }: InboxDeps, ask: Ask): Promise<Answer> {
  const count = Math.min(wholeNumber(ask.query.get('limit')) ?? PAGE, MAX_PAGE);
  return json(await sandbox.list(wholeNumber(ask.query.get('offset')) ?? 0, count));
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

async function view({ reader }: InboxDeps, { summary, raw }: Caught): Promise<Answer> {
  const read = await reader.view(raw);
  if (!read.ok) return json({ ...summary, problem: read.problem });
  const { html: itsHtml, ...rest } = read.value;
  const has = { html: itsHtml !== undefined, remote: itsHtml !== undefined && remotePattern.test(itsHtml) };
  return json({ ...summary, view: { ...rest, ...has } });
}

/** The message's HTML as it is: the policy that goes with it keeps it from running or loading anything. */
export async function html({ reader }: Pick<InboxDeps, 'reader'>, { raw }: Caught): Promise<Answer> {
  const read = await reader.view(raw);
  if (!read.ok) return problem(422, 'Unreadable message', read.problem);
  const body = read.value.html;
  if (body === undefined) return problem(404, 'Not found', 'This message has no HTML part.');
  return { status: 200, type: 'text/html; charset=utf-8', policy: 'mail', body };
}

/** The beginning of a message as text. */
export function source({ raw }: Caught): Answer {
  const headers = { 'x-total-bytes': String(raw.length) };
  return { status: 200, type: 'text/plain; charset=utf-8', body: raw.subarray(0, SOURCE_BYTES), headers };
}

export async function attachment(
  { reader }: Pick<InboxDeps, 'reader'>,
  { raw }: Caught,
  n: number,
): Promise<Answer> {
  const read = await reader.attachment(raw, n);
  if (!read.ok) return problem(422, 'Unreadable message', read.problem);
  if (read.value.name === '') return problem(404, 'Not found', 'This message has no such attachment.');
  return download(read.value.name, read.value.content);
}

/** Always a download of bytes, never shown: the type that a stranger gave it does not count. RFC 6266, RFC 8187. */
export function download(name: string, body: Buffer): Answer {
  const safe = name.replace(/[\p{Cc}\p{Cf}/\\]/gu, '_').slice(0, 200);
  const ascii = safe.replace(/[^\x20-\x7e]|["%;]/g, '_');
  const encoded = encodeURIComponent(safe.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  );
  const disposition = `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
  return {
    status: 200,
    type: 'application/octet-stream',
    body,
    headers: { 'content-disposition': disposition },
  };
}
