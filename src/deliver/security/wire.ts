// Questions to the configured resolvers over our own sockets, since Node does not tell whether an answer was validated.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import {
  AUTHENTIC_DATA,
  decode,
  encode,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type Answer as Record,
  type DecodedPacket,
} from 'dns-packet';
import type { Clock } from '../../lib/clock.ts';

export type AskedType = 'A' | 'AAAA' | 'MX' | 'NS' | 'TLSA';

/** none: the name or such records do not exist · failed: nobody knows · secure: the resolver validated it (the AD bit). */
export type WireAnswer = Readonly<
  | { kind: 'found'; records: readonly Record[]; secure: boolean; ttlMs: number }
  | { kind: 'none'; secure: boolean }
  | { kind: 'failed'; why: string }
>;

/** Asks the servers in turn. Never rejects. `name` is "" for the root. */
export type WireAsk = (name: string, type: AskedType) => Promise<WireAnswer>;

export type WireDeps = Readonly<{
  /** Such as "127.0.0.1", "192.0.2.53:5353" or "[::1]:53". */
  servers: readonly string[];
  timeout: number;
  tries: number;
  clock: Clock;
}>;

const MAX_UDP_BYTES = 1232; // what passes everywhere without fragments
const MAX_TCP_BYTES = 65_535 + 2;
const MAX_TTL_S = 3600;

type Server = Readonly<{ host: string; port: number }>;
type Query = Readonly<{ id: number; name: string; type: AskedType; bytes: Buffer }>;

/** Makes the asker for these servers. */
export function makeWireAsk({ servers, timeout, tries, clock }: WireDeps): WireAsk {
  const places = servers.map(placeOf);
  return async (name, type) => {
    let why = 'no resolver is known';
    for (const server of Array.from({ length: tries }, () => places).flat()) {
      const query = queryFor(name, type);
      const answer = await exchange(server, query, timeout, clock);
      if (typeof answer !== 'string') {
        const read = readAnswer(answer, type);
        if (read.kind !== 'failed') return read;
        why = read.why;
      } else why = answer;
    }
    return { kind: 'failed', why };
  };
}

/** Host and port of "127.0.0.1", "192.0.2.53:5353", "[::1]:53" or "::1". */
export function placeOf(server: string): Server {
  if (isIPv6(server)) return { host: server, port: 53 };
  const match = /^\[?([^\]]+?)\]?(?::(\d+))?$/.exec(server);
  return { host: match?.[1] ?? server, port: Number(match?.[2] ?? 53) };
}

function queryFor(name: string, type: AskedType): Query {
  const id = randomInt(65_536);
  const bytes = encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA, // RFC 6840 §5.7: we understand the AD bit
    questions: [{ name: name === '' ? '.' : name, type, class: 'IN' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: MAX_UDP_BYTES,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  return { id, name, type, bytes };
}

async function exchange(
  server: Server,
  query: Query,
  ms: number,
  clock: Clock,
): Promise<DecodedPacket | string> {
  const answer = await overUdp(server, query, ms, clock);
  const isCut = typeof answer !== 'string' && ((answer.flags ?? 0) & TRUNCATED_RESPONSE) !== 0;
  return isCut ? overTcp(server, query, ms, clock) : answer;
}

function overUdp(server: Server, query: Query, ms: number, clock: Clock): Promise<DecodedPacket | string> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
    const done = (result: DecodedPacket | string): void => {
      stop();
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(result);
    };
    const stop = clock.after(ms, () => done('the resolver did not answer in time'));
    socket.on('error', (error) => done(`the resolver cannot be asked (${error.message})`));
    socket.on('message', (bytes) => {
      const answer = readPacket(bytes, query);
      if (answer) done(answer); // what is no answer to us is passed over
    });
    // Connected, so that nobody else's datagrams come in.
    socket.connect(server.port, server.host, () => socket.send(query.bytes));
  });
}

function overTcp(server: Server, query: Query, ms: number, clock: Clock): Promise<DecodedPacket | string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host);
    let heard = Buffer.alloc(0);
    const done = (result: DecodedPacket | string): void => {
      stop();
      socket
        .removeAllListeners()
        .on('error', () => {})
        .destroy();
      resolve(result);
    };
    const stop = clock.after(ms, () => done('the resolver did not answer in time'));
    socket.on('error', (error) => done(`the resolver cannot be asked (${error.message})`));
    socket.on('close', () => done('the resolver ended the connection'));
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.bytes.length);
      socket.write(Buffer.concat([length, query.bytes]));
    });
    socket.on('data', (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length > MAX_TCP_BYTES) return done('the resolver says too much');
      if (heard.length < 2 || heard.length < 2 + heard.readUInt16BE(0)) return;
      done(
        readPacket(heard.subarray(2, 2 + heard.readUInt16BE(0)), query) ??
          'the resolver answered something else',
      );
    });
  });
}

/** undefined for what is no answer to this query. */
function readPacket(bytes: Buffer, query: Query): DecodedPacket | undefined {
  try {
    const packet = decode(bytes);
    const [question] = packet.questions ?? [];
    const isOurs =
      packet.type === 'response' &&
      packet.id === query.id &&
      question?.type === query.type &&
      nameOf(question.name) === nameOf(query.name);
    return isOurs ? packet : undefined;
  } catch {
    return undefined; // bytes that are no message
  }
}

function readAnswer(packet: DecodedPacket, type: AskedType): WireAnswer {
  const code = (packet.flags ?? 0) & 0x0f;
  const secure = ((packet.flags ?? 0) & AUTHENTIC_DATA) !== 0;
  if (code === 3) return { kind: 'none', secure };
  if (code !== 0)
    return { kind: 'failed', why: `the resolver says ${code === 2 ? 'SERVFAIL' : `code ${code}`}` };
  const records = (packet.answers ?? []).filter((record) => record.type === type);
  if (records.length === 0) return { kind: 'none', secure };
  const ttls = records.map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0));
  return { kind: 'found', records, secure, ttlMs: Math.min(...ttls, MAX_TTL_S) * 1000 };
}

const nameOf = (name: string): string => name.toLowerCase().replace(/\.$/, '');
