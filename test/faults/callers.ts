// Programs that use the API while the http role is killed: one sends mail, one follows the events, one receives a webhook.
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { runCli } from '../support/relay-process.ts';
import { sleep } from './kills.ts';
import type { Sent } from './load.ts';
import { bodyDigest, SENDER_DOMAIN, writePlain } from './treated.ts';

export type Callers = Readonly<{
  /** What was promised to the one that sends, and what it knows of the rest. */
  sent(): readonly Sent[];
  /** Requests that ended without an answer, and such that were answered by the answer of an earlier one. */
  unanswered(): number;
  replayed(): number;
  /** Ids of events in the order in which they came, and how often the stream was opened. */
  viewed(): readonly string[];
  views(): number;
  /** Ids of events that the webhook got. */
  hooked(): readonly string[];
  hookedRequests(): number;
  /** Sends nothing new, and resolves when all that was begun has its 202. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}>;

export type CallersOptions = Readonly<{
  /** The relay's configuration file, and where its API and the webhook's receiver are. */
  config: string;
  http: number;
  hook: number;
  /** Messages a second. */
  rate: number;
}>;

const AGAIN_MS = 100;
const ANSWER_MS = 10_000;
const taken = z.object({ id: z.string() });
const hooked = z.object({ data: z.object({ events: z.array(z.object({ id: z.string() })) }) });

/** Makes a key and a webhook, and begins. */
export async function startCallers({ config, http, hook, rate }: CallersOptions): Promise<Callers> {
  const api = `http://127.0.0.1:${http}/api/v1`;
  const headers = { authorization: `Bearer ${await makeKey(config)}`, 'content-type': 'application/json' };
  const end = new AbortController();
  const receiver = await startReceiver(hook);
  const made = await fetch(`${api}/webhooks`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'faults', url: `http://127.0.0.1:${hook}/`, batchWait: 200 }),
  });
  if (made.status !== 201) throw new Error(`no webhook: ${await made.text()}`);
  const viewer = startViewer(api, headers, end.signal);
  const sender = startSender(api, headers, rate);
  return {
    ...sender,
    ...viewer,
    ...receiver,
    stop: async () => {
      end.abort();
      sender.halt();
      await receiver.close();
    },
  };
}

async function makeKey(config: string): Promise<string> {
  const words = ['key', 'add', 'faults', '--scope', 'all', '--config', config];
  const { stdout, stderr } = await runCli(words, process.env);
  const key = /pk_\S+/.exec(stdout)?.[0];
  if (key === undefined) throw new Error(`no key: ${stdout}${stderr}`);
  return key;
}

type Headers = Readonly<Record<string, string>>;

type Sender = Pick<Callers, 'sent' | 'unanswered' | 'replayed' | 'finish'> & Readonly<{ halt(): void }>;

/** Each message has a key of its own, and is sent again with it until its 202 has come. */
function startSender(api: string, headers: Headers, rate: number): Sender {
  const sent: Sent[] = [];
  const under = new Set<Promise<void>>();
  let [unanswered, replayed, halted] = [0, 0, false];
  const post = async (one: Sent, body: string): Promise<void> => {
    const key = { 'idempotency-key': one.testId };
    while (one.id === undefined && !halted) {
      one.tries++;
      const signal = AbortSignal.timeout(ANSWER_MS);
      const answer = await fetch(`${api}/messages`, {
        method: 'POST',
        headers: { ...headers, ...key },
        body,
        signal,
      })
        .then(async (response) => ({ response, text: await response.text() }))
        .catch(() => undefined);
      if (answer?.response.status === 202) {
        one.id = taken.parse(JSON.parse(answer.text)).id;
        if (answer.response.headers.has('idempotent-replayed')) replayed++;
        return;
      }
      if (answer) one.refused++;
      else {
        one.silent++;
        unanswered++;
      }
      await sleep(AGAIN_MS);
    }
  };
  const timer = setInterval(() => {
    const message = makeMessage(sent.length);
    sent.push(message.one);
    const work = post(message.one, message.body).finally(() => under.delete(work));
    under.add(work);
  }, 1000 / rate);
  return {
    sent: () => sent,
    unanswered: () => unanswered,
    replayed: () => replayed,
    finish: async () => {
      clearInterval(timer);
      await Promise.all(under);
    },
    halt: () => {
      clearInterval(timer);
      halted = true;
    },
  };
}

function makeMessage(number: number): Readonly<{ one: Sent; body: string }> {
  const testId = `api-${number}`;
  const recipients = [`api${number}@a.test`];
  const raw = writePlain(testId, recipients, 2000);
  const body = JSON.stringify({
    user: 'plain',
    from: `orders@${SENDER_DOMAIN}`,
    to: recipients,
    raw: raw.toString('utf8'),
  });
  const counts = { tries: 0, silent: 0, refused: 0 };
  return {
    body,
    one: {
      testId,
      recipients,
      kind: 'plain',
      body: bodyDigest(raw),
      sendAt: undefined,
      id: undefined,
      ...counts,
    },
  };
}

/** Follows the events; where the stream ends it begins again after the last one that it had. */
function startViewer(api: string, headers: Headers, signal: AbortSignal): Pick<Callers, 'viewed' | 'views'> {
  const viewed: string[] = [];
  let [views, last] = [0, '0-0.0'];
  const view = async (): Promise<void> => {
    const response = await fetch(`${api}/events/stream`, {
      headers: { ...headers, 'last-event-id': last },
      signal,
    });
    if (response.status !== 200 || !response.body) return;
    views++;
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const cursor = /^id: (.*)$/m.exec(part)?.[1];
        const event: unknown = JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? 'null');
        if (cursor === undefined) continue;
        last = cursor;
        viewed.push(z.object({ id: z.string() }).parse(event).id);
      }
    }
  };
  void (async () => {
    while (!signal.aborted) {
      await view().catch(() => undefined);
      await sleep(AGAIN_MS);
    }
  })();
  return { viewed: () => viewed, views: () => views };
}

async function startReceiver(
  port: number,
): Promise<Pick<Callers, 'hooked' | 'hookedRequests'> & Readonly<{ close(): Promise<void> }>> {
  const ids: string[] = [];
  let requests = 0;
  const server: Server = createServer((request, response) => {
    void json(request).then((body) => {
      const known = hooked.safeParse(body);
      requests++;
      if (known.success) ids.push(...known.data.data.events.map(({ id }) => id));
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    hooked: () => ids,
    hookedRequests: () => requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
