// rspamd's HTTP protocol: the message by POST /checkv2, streamed from where it lies, and the answer as text.
import { createReadStream } from 'node:fs';
import { request as plain, type IncomingMessage } from 'node:http';
import { request as secure } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { oneLine } from '../mail/fold.ts';
import type { Submission } from '../model/submission.ts';
import { reasonOf } from '../lib/reason.ts';

export type Message = Readonly<{
  submission: Submission;
  /** One of its recipients: a message is scanned once, however many it has. */
  recipient: string;
  /** In memory, or a file that is streamed. */
  body: Buffer | Readonly<{ file: string; size: number }>;
}>;

export type Answered = Readonly<{ ok: true; text: string } | { ok: false; problem: string }>;

export type Ask = (message: Message, signal: AbortSignal) => Promise<Answered>;

const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_VALUE = 500;

/** Asks rspamd at `url`. Never rejects: what goes wrong is a problem in a few words. */
export function makeAsk({
  url,
  password,
  timeout,
}: Readonly<{ url: string; password?: string | undefined; timeout: number }>): Ask {
  const base = new URL(url);
  const target = base.pathname.endsWith('/checkv2')
    ? base
    : new URL(`${base.pathname.replace(/\/$/, '')}/checkv2`, base);
  return async (message, signal) => {
    try {
      const response = await exchange(
        target,
        { message, password },
        AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      );
      const text = await read(response);
      if (response.statusCode === 200) return { ok: true, text };
      return { ok: false, problem: `it answered ${response.statusCode}` };
    } catch (error) {
      const isLate = error instanceof Error && /abort|timeout/i.test(`${error.name} ${String(error.cause)}`);
      if (isLate) return { ok: false, problem: `it did not answer within ${Math.round(timeout / 1000)} s` };
      return { ok: false, problem: reasonOf(error) };
    }
  };
}

async function exchange(
  target: URL,
  { message, password }: Readonly<{ message: Message; password: string | undefined }>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { body } = message;
  const size = Buffer.isBuffer(body) ? body.length : body.size;
  const send = target.protocol === 'https:' ? secure : plain;
  const headers = {
    ...headersOf(message),
    ...(password === undefined ? {} : { password }),
    'content-length': size,
  };
  const request = send(target, { method: 'POST', headers, signal, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  if (Buffer.isBuffer(body)) request.end(body);
  // An answer may come before all of it was read: then the rest is of no interest.
  else
    pipeline(createReadStream(body.file), request, { signal }).catch(
      (error: unknown) => void request.destroy(asError(error)),
    );
  return answered;
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('its answer is too long');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Who logged in makes rspamd take it for outbound mail. */
function headersOf({ submission, recipient }: Message): Readonly<Record<string, string>> {
  const { from, user, id, received, subject } = submission;
  return {
    from: field(from),
    rcpt: field(recipient),
    ip: field(received.address),
    helo: field(received.helo),
    user: field(user),
    'queue-id': field(id),
    subject: field(subject),
    'user-agent': 'Postino',
  };
}

/** UTF-8 as bytes, one line: header fields of HTTP take no other characters. */
function field(text: string): string {
  return Buffer.from(oneLine(text, MAX_VALUE), 'utf8').toString('latin1');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
