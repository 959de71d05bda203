// HTTPS to hosts that strangers name: verified certificates, public addresses only, bounded in bytes and time, no redirects.
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import { isSpecial } from '../networks.ts';
import type { Dns } from '../resolve.ts';

export type HttpsRequest = Readonly<{
  host: string;
  port: number;
  path: string;
  method: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
  /** For everything together. */
  withinMs: number;
  maxBytes: number;
}>;

/**
 * answered: whatever the status is · certificate: the host's is not valid for its name · failed: no address, no answer, too
 * slow, too large. `why` is a part of a sentence.
 */
export type HttpsAnswer =
  | Readonly<{ kind: 'answered'; status: number; type: string; text: string }>
  | Readonly<{ kind: 'certificate'; why: string }>
  | Readonly<{ kind: 'failed'; why: string }>;

export type Https = (wanted: HttpsRequest) => Promise<HttpsAnswer>;

export type HttpsDeps = Readonly<{
  dns: Pick<Dns, 'a' | 'aaaa'>;
  clock: Clock;
  allowPrivateAddresses: boolean;
}>;

const MAX_ADDRESSES = 2;
const MAX_HEADER_BYTES = 16 * 1024;
const failed = (why: string): HttpsAnswer => ({ kind: 'failed', why });

/** Makes the client. It never rejects; a name is looked up once, and the address that was checked is the one that is used. */
export function makeHttps(deps: HttpsDeps): Https {
  return async (wanted) => {
    const until = deps.clock.ticks() + wanted.withinMs;
    const found = await within(deps, wanted.withinMs, addressesOf(deps, wanted.host));
    if (found === undefined) return failed(`the address of ${wanted.host} was not found in time`);
    if (found.length === 0) return failed(`${wanted.host} has no public address`);
    let answer = failed(`${wanted.host} did not answer in time`);
    for (const address of found.slice(0, MAX_ADDRESSES)) {
      const left = until - deps.clock.ticks();
      if (left <= 0) return answer;
      answer = await ask(deps, wanted, address, left);
      if (answer.kind !== 'failed') return answer;
    }
    return answer;
  };
}

async function addressesOf(deps: HttpsDeps, host: string): Promise<readonly string[]> {
  if (isIP(host.replace(/^\[|\]$/g, '')) !== 0) return []; // RFC 8461 and RFC 8460 name hosts
  const answers = await Promise.all([deps.dns.a(host), deps.dns.aaaa(host)]);
  const all = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []));
  return deps.allowPrivateAddresses ? all : all.filter((address) => !isSpecial(address));
}

async function within<T>({ clock }: HttpsDeps, ms: number, task: Promise<T>): Promise<T | undefined> {
  let stop = (): void => {};
  const late = new Promise<undefined>((resolve) => {
    stop = clock.after(ms, () => resolve(undefined));
  });
  return Promise.race([task, late]).finally(() => stop());
}

function ask(deps: HttpsDeps, wanted: HttpsRequest, address: string, leftMs: number): Promise<HttpsAnswer> {
  const { host, port, path, method, headers, body } = wanted;
  const options: RequestOptions = {
    host: address,
    servername: host,
    port,
    path,
    method,
    agent: false, // a connection of its own, closed at its end
    rejectUnauthorized: true,
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: {
      host: port === 443 ? host : `${host}:${port}`,
      'user-agent': 'Postino',
      ...headers,
      ...(body && { 'content-length': String(body.length) }),
    },
  };
  return new Promise((resolve) => {
    const asked = request(options);
    const done = (answer: HttpsAnswer): void => {
      stop();
      resolve(answer);
      asked.destroy();
    };
    const stop = deps.clock.after(leftMs, () => done(failed(`${host} did not answer in time`)));
    asked.on('error', (error) => done(failureOf(host, error)));
    asked.on('response', (response) => read(response, wanted, done));
    asked.end(body);
  });
}

function read(
  response: IncomingMessage,
  { host, maxBytes }: HttpsRequest,
  done: (answer: HttpsAnswer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) done(failed(`what ${host} sends is over ${maxBytes} bytes`));
    else chunks.push(chunk);
  });
  response.on('error', (error) => done(failureOf(host, error)));
  response.on('close', () => done(failed(`${host} ended the connection early`)));
  response.on('end', () =>
    done({
      kind: 'answered',
      status: response.statusCode ?? 0,
      type: (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
      text: Buffer.concat(chunks).toString('utf8'),
    }),
  );
}

/** Errors of a certificate have codes of their own: OpenSSL's verification results, and Node's for the name. */
const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|ERR_TLS_CERT)/;

function failureOf(host: string, error: Error): HttpsAnswer {
  const code = 'code' in error ? String(error.code) : '';
  return { kind: CERTIFICATE.test(code) ? 'certificate' : 'failed', why: `${host}: ${error.message}` };
}
