// A receiver of webhooks as the Standard Webhooks specification has it, with none of our code: verifies signatures.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Got = Readonly<{ isSigned: boolean; events: readonly Readonly<{ type: string; recipient: string }>[] }>;
export type SignedReceiver = Readonly<{
  port: number;
  /** What came, and whether it was signed with this secret. */
  got(secret: string): readonly Got[];
  close(): Promise<void>;
}>;

/** Types of the events about one recipient, in order. */
export const typesOf = (got: readonly Got[], wanted: string): readonly string[] =>
  got.flatMap(({ events }) => events.flatMap(({ type, recipient }) => (recipient === wanted ? [type] : [])));

/** Starts one on a free port of loopback. */
export async function startSignedReceiver(): Promise<SignedReceiver> {
  const requests: Readonly<{ headers: IncomingMessage['headers']; body: string }>[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    got: (secret) => requests.map((request) => readRequest(request, secret)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function readRequest(
  { headers, body }: Readonly<{ headers: IncomingMessage['headers']; body: string }>,
  secret: string,
): Got {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
  const wanted = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  const isFresh = Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) < 300;
  const isSigned = isFresh && String(headers['webhook-signature']).split(' ').includes(wanted);
  return { isSigned, events: JSON.parse(body).data.events };
}
