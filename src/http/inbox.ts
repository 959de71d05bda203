// A caught message as answers: its HTML, its source, its attachments, each so that it can do no harm in a browser.
import type { EpochMs } from '../lib/clock.ts';
import { problem, type Answer } from './exchange.ts';
import type { Reader } from './reader.ts';

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

type Reading = Readonly<{ reader: Reader }>;

const SOURCE_BYTES = 256 * 1024;
export const remotePattern =
  /(?:src|background|srcset|poster|href)\s*=\s*["']?\s*(?:https?:)?\/\/|url\(\s*["']?\s*(?:https?:)?\/\/|@import/i;

/** The message's HTML as it is: the policy that goes with it keeps it from running or loading anything. */
export async function html({ reader }: Reading, { raw }: Caught): Promise<Answer> {
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

export async function attachment({ reader }: Reading, { raw }: Caught, n: number): Promise<Answer> {
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
