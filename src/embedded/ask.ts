// One question to a Redis server over its unix socket, without a client library.
import { createConnection } from 'node:net';
import type { Clock } from '../lib/clock.ts';

/** answered: the whole reply as it came; absent: nobody listens there; silent: no reply in time. */
export type Answer = Readonly<{ is: 'answered'; text: string }> | Readonly<{ is: 'absent' | 'silent' }>;

const MAX_REPLY_BYTES = 65_536;

/** Sends one command (words without line breaks) and waits for its reply, at most `limitMs`. Never rejects. */
export function ask(
  socket: string,
  command: readonly string[],
  clock: Clock,
  limitMs: number,
): Promise<Answer> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    let reply = '';
    const end = (answer: Answer): void => {
      cancel();
      connection.destroy();
      resolve(answer);
    };
    const cancel = clock.after(limitMs, () => end({ is: 'silent' }));
    connection.setEncoding('latin1'); // lengths in the protocol are bytes
    connection.on('connect', () => connection.write(encode(command)));
    connection.on('data', (chunk: string) => {
      reply += chunk;
      if (reply.length > MAX_REPLY_BYTES || isComplete(reply)) end({ is: 'answered', text: decode(reply) });
    });
    connection.on('error', () => end({ is: 'absent' }));
    connection.on('close', () => end({ is: 'absent' }));
  });
}

/** Resolves when the server closes a connection that asks nothing: how we learn at once that it has ended. */
export function untilClosed(socket: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    const leave = (): void => void connection.destroy();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    connection.on('error', () => undefined);
    connection.on('close', () => {
      signal.removeEventListener('abort', leave);
      resolve();
    });
    connection.resume();
    connection.unref();
  });
}

/** The value of `name` in a reply to INFO or CONFIG GET. Pure. */
export function valueIn(reply: string, name: string): string | undefined {
  const info = new RegExp(`^${name}:(.*)$`, 'm').exec(reply)?.[1];
  const config = new RegExp(`^${name}\\r\\n\\$\\d+\\r\\n(.*)$`, 'm').exec(reply)?.[1];
  return (info ?? config)?.trimEnd();
}

function encode(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

const decode = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Whether one reply is there in full: a line, a bulk string, or an array of bulk strings. */
function isComplete(reply: string): boolean {
  const count = /^\*(\d+)\r\n/.exec(reply);
  let at = count?.[0].length ?? 0;
  for (let left = Number(count?.[1] ?? 1); left > 0; left--) {
    const head = /^([+:$-])(.*)\r\n/.exec(reply.slice(at));
    if (!head) return false;
    at += head[0].length + (head[1] === '$' ? Math.max(0, Number(head[2]) + 2) : 0);
  }
  return reply.length >= at;
}
