// A client that closes its side with the end of its message still gets its answer (Exim does this).
import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { openFrontDoor } from '../../support/front-door.ts';

test('end of data, QUIT and FIN in one breath are answered before the connection closes', async () => {
  const door = await openFrontDoor({
    names: ['plain'],
    deps: {
      submit: async ({ submission }) => {
        await new Promise((resolve) => setTimeout(resolve, 100)); // Redis takes its time
        return { kind: 'queued', id: submission.id };
      },
    },
  });
  const said = await converse(door.port('plain'));
  expect(said).toMatch(/250 2\.0\.0 Ok: queued as [0-9A-Z]{26}\r\n221 /);
  await door.close();
});

/** Speaks line by line up to DATA, then sends the rest with a FIN. */
function converse(port: number): Promise<string> {
  const plain = Buffer.from('\0shop\0secret').toString('base64');
  const lines = [
    'EHLO client.example',
    `AUTH PLAIN ${plain}`,
    'MAIL FROM:<me@shop.example>',
    'RCPT TO:<you@example.net>',
    'DATA',
  ];
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true });
    let said = '';
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('end', () => {
      socket.destroy();
      resolve(said);
    });
    socket.on('data', (text: string) => {
      said += text;
      if (!/^\d{3} .*\r\n$/m.test(text)) return;
      const line = lines.shift();
      if (line !== undefined) socket.write(`${line}\r\n`);
      else if (text.startsWith('354'))
        socket.end('From: me@shop.example\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n');
    });
  });
}
