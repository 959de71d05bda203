// An HTTPS server for tests that serves MTA-STS policies and takes reports: real TLS, and no code of ours in it.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Leaf } from './certificates.ts';

/** What it answers; change it at will. `silent`: nothing at all. */
export type PolicyAnswer = {
  status?: number;
  type?: string;
  text?: string;
  headers?: Readonly<Record<string, string>>;
  silent?: boolean;
};

export type PolicyHost = Readonly<{
  port: number;
  answer: PolicyAnswer;
  /** Requests so far: "GET mta-sts.example.test /.well-known/mta-sts.txt", and their bodies. */
  asked: string[];
  bodies: Readonly<{ type: string; body: Buffer }>[];
  close(): Promise<void>;
}>;

/** Starts it on any 127.0.0.x. */
export async function startPolicyHost(host: string, leaf: Leaf): Promise<PolicyHost> {
  const answer: PolicyAnswer = {};
  const asked: string[] = [];
  const bodies: Readonly<{ type: string; body: Buffer }>[] = [];
  const server = createServer({ key: leaf.key, cert: leaf.chain }, (request, response) => {
    const chunks: Buffer[] = [];
    asked.push(`${request.method} ${request.headers.host?.split(':')[0]} ${request.url}`);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push({ type: request.headers['content-type'] ?? '', body: Buffer.concat(chunks) });
      if (answer.silent) return;
      response.writeHead(answer.status ?? 200, {
        'content-type': answer.type ?? 'text/plain',
        ...answer.headers,
      });
      response.end(answer.text ?? '');
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    answer,
    asked,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
