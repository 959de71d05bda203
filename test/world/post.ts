// A client that hands in many messages on one connection: each has its number as subject, so that it can be found again.
import { createConnection } from 'node:net';

export type Post = Readonly<{
  /** Hands in one message; resolves to the last reply. */
  send(from: string, to: string, subject: string): Promise<string>;
  close(): void;
}>;

/** Connects from `localAddress`, whose network names the user. */
export async function openPost(port: number, localAddress: string): Promise<Post> {
  const socket = createConnection({ port, host: '127.0.0.1', localAddress }).setNoDelay(true);
  socket.setEncoding('latin1');
  let heard = '';
  let wake: () => void = () => undefined;
  let broken: Error | undefined;
  socket.on('data', (chunk: string) => {
    heard += chunk;
    wake();
  });
  socket.on('error', (error) => (broken = error));
  socket.on('close', () => {
    broken ??= new Error('the relay closed the connection');
    wake();
  });
  const reply = async (): Promise<string> => {
    for (;;) {
      const whole = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(heard)?.[0];
      if (whole !== undefined) {
        heard = heard.slice(whole.length);
        return whole.trim();
      }
      if (broken) throw broken;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const say = (line: string): Promise<string> => {
    socket.write(`${line}\r\n`);
    return reply();
  };
  await reply();
  await say('EHLO client.test');
  return {
    send: async (from, to, subject) => {
      for (const line of [`MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA']) {
        const answer = await say(line);
        if (/^[45]/.test(answer)) {
          if (!answer.startsWith('421')) await say('RSET');
          return answer;
        }
      }
      return say(`From: <${from}>\r\nTo: <${to}>\r\nSubject: ${subject}\r\n\r\nHello.\r\n.`);
    },
    close: () => socket.destroy(),
  };
}
