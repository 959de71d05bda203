// A scanner that speaks rspamd's HTTP protocol on 127.0.0.1 and answers as a test says.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Scanned = Readonly<{ path: string; headers: IncomingHttpHeaders; body: Buffer }>;

/** An answer; `status` and `text` for one that is none of rspamd's; "silent" for none at all. */
export type Reply =
  | Readonly<{ action: string; [key: string]: unknown }>
  | Readonly<{ status: number; text: string }>
  | 'silent';

export type FakeRspamd = Readonly<{
  url: string;
  seen: readonly Scanned[];
  /** How many scans it had under way at most at the same time. */
  most(): number;
  answer(reply: (scanned: Scanned) => Reply): void;
  stop(): Promise<void>;
}>;

export async function startFakeRspamd(delayMs = 0): Promise<FakeRspamd> {
  const seen: Scanned[] = [];
  let reply: (scanned: Scanned) => Reply = () => ({ action: 'no action' });
  let running = 0;
  let most = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    most = Math.max(most, ++running);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const scanned = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
      seen.push(scanned);
      const said = reply(scanned);
      setTimeout(() => {
        running--;
        if (said === 'silent') return;
        if ('status' in said && typeof said.status === 'number') {
          response.writeHead(said.status).end(String(said['text']));
          return;
        }
        const common = { is_skipped: false, score: 1, required_score: 15, symbols: {} };
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ...common, ...said }));
      }, delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    most: () => most,
    answer: (next) => (reply = next),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
