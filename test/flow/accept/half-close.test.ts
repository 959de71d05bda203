// A client that closes its side with the end of its message still gets its answer (Exim does this).
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
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

test('the same over implicit TLS', async () => {
  const door = await openFrontDoor({
    names: ['implicit'],
    deps: {
      submit: async ({ submission }) => {
        await systemClock.sleep(100);
        return { kind: 'queued', id: submission.id };
      },
    },
  });
  const socket = connectTls({ port: door.port('implicit'), host: '127.0.0.1', rejectUnauthorized: false });
  const line = listen(socket);
  await line.hears('220 ');
  const plain = Buffer.from('\0shop\0secret').toString('base64');
  socket.write(
    `EHLO c\r\nAUTH PLAIN ${plain}\r\nMAIL FROM:<me@shop.example>\r\nRCPT TO:<you@example.net>\r\n`,
  );
  socket.write('DATA\r\n');
  await line.hears('\r\n354');
  socket.end('From: me@shop.example\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n');
  await line.closed;
  expect(line.said()).toMatch(/250 2\.0\.0 Ok: queued as [0-9A-Z]{26}\r\n221 /);
  await door.close();
});

test('a client that closes its side while idle or in the middle of a message is hung up on at once', async () => {
  const door = await openFrontDoor({ names: ['plain'] });
  const sockets = ['127.0.0.66', '127.0.0.67'].map((localAddress) =>
    createConnection({ port: door.port('plain'), host: '127.0.0.1', localAddress, allowHalfOpen: true }),
  );
  const [writing, idle] = sockets.map(listen);
  await Promise.all([writing?.hears('220 '), idle?.hears('220 ')]);
  sockets[0]?.write('EHLO c\r\nMAIL FROM:<scan@office.example>\r\nRCPT TO:<you@example.net>\r\n');
  sockets[0]?.write('DATA\r\n');
  await writing?.hears('\r\n354');
  sockets[0]?.end('From: scan@office.example\r\n\r\nhel');
  sockets[1]?.end();
  await Promise.all([writing?.closed, idle?.closed]);
  for (const socket of sockets) socket.destroy();
  expect(writing?.said()).not.toContain('queued');
  expect(door.taken).toEqual([]);
  await door.close();
});

type Line = Readonly<{ said(): string; hears(text: string): Promise<void>; closed: Promise<void> }>;

function listen(socket: Socket): Line {
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
  const hears = async (text: string): Promise<void> => {
    for (let tries = 0; tries < 800 && !said.includes(text); tries++) await systemClock.sleep(5);
  };
  return { said: () => said, hears, closed };
}
