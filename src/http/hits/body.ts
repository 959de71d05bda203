// A request's body as text, bounded in bytes; its time is bounded by the server.
import type { IncomingMessage } from 'node:http';

/** What a form of 25 topics, or a provider's one click, never needs. */
export const MAX_BODY = 4096;

/** Undefined when it is longer than MAX_BODY, or breaks off. */
export function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (text: string | undefined): void => {
      request.off('data', take);
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > MAX_BODY) return end(undefined);
      chunks.push(chunk);
    };
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) return end(undefined);
    request
      .on('data', take)
      .once('end', () => end(Buffer.concat(chunks).toString()))
      .once('error', () => end(undefined))
      .once('close', () => end(undefined));
  });
}
