// A small SMTP client for whole-relay tests: logs in (or not), sends one message, and hands back every reply.
import { createConnection } from 'node:net';

export type Sending = Readonly<{
  port: number;
  /** Source address of the client. */
  from?: string;
  user?: Readonly<{ name: string; password: string }>;
  /** The address, or the whole argument: "<a@b.example> BODY=8BITMIME"; the same for each recipient. */
  mail: string;
  rcpt: readonly string[];
  /** Header and body, CRLF; dots are stuffed here. */
  data: Buffer | string;
}>;

/** Replies in order: greeting, EHLO, AUTH (if any), MAIL, each RCPT, DATA, end of data. It stops at the first refusal. */
export async function sendMail(sending: Sending): Promise<readonly string[]> {
  const { port, from = '127.0.0.1', user, mail, rcpt, data } = sending;
  const socket = createConnection({ port, host: '127.0.0.1', localAddress: from });
  socket.setEncoding('utf8');
  const replies: string[] = [];
  let heard = '';
  const next = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const whole = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(heard)?.[0];
        if (whole === undefined) return;
        heard = heard.slice(whole.length);
        socket.off('data', hear);
        resolve(whole.trim());
      };
      const hear = (text: string): void => {
        heard += text;
        look();
      };
      socket.on('data', hear);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`the connection closed after ${replies.join(' | ')}`)));
      look();
    });
  const plain = user && Buffer.from(`\0${user.name}\0${user.password}`).toString('base64');
  const lines = [
    'EHLO client.test',
    ...(plain === undefined ? [] : [`AUTH PLAIN ${plain}`]),
    `MAIL FROM:${bracketed(mail)}`,
    ...rcpt.map((address) => `RCPT TO:${bracketed(address)}`),
    'DATA',
  ];
  try {
    replies.push(await next());
    for (const line of lines) {
      socket.write(`${line}\r\n`);
      replies.push(await next());
      if (/^[45]/.test(replies.at(-1) ?? '')) return replies;
    }
    const stuffed = Buffer.from(data).toString('latin1').replace(/^\./gm, '..');
    socket.write(Buffer.from(`${stuffed}.\r\n`, 'latin1'));
    replies.push(await next());
    return replies;
  } finally {
    socket.destroy();
  }
}

const bracketed = (address: string): string => (address.includes('<') ? address : `<${address}>`);

/** The id in the last reply; "" when the message was not taken. */
export function idIn(replies: readonly string[]): string {
  return /queued as (\S+)/.exec(replies.at(-1) ?? '')?.[1] ?? '';
}

/** A message of header lines and a body. */
export function message(header: readonly string[], body = 'Hello.\r\n'): string {
  return `${header.join('\r\n')}\r\n\r\n${body}`;
}
